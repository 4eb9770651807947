package io.katajava.internal.birth;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The mask of file modes that this process was started with. Java can neither ask nor set it. */
final class ProcessUmask {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final String FIELD = "Umask:";
  private static final int OWNER = 0700;

  private ProcessUmask() {}

  /** Why no machine can be started with it, if so. */
  static Optional<String> obstacle() {
    try {
      return obstacle(Files.readString(STATUS, StandardCharsets.ISO_8859_1));
    } catch (IOException e) {
      // Without /proc other things fail first.
      return Optional.empty();
    }
  }

  static Optional<String> obstacle(String status) {
    return status
        .lines()
        .filter(line -> line.startsWith(FIELD))
        .map(line -> line.substring(FIELD.length()).strip())
        .filter(mask -> mask.matches("[0-7]{1,5}") && (Integer.parseInt(mask, 8) & OWNER) != 0)
        .map(mask -> "the umask " + mask + " denies this process access to the files that it makes")
        .findFirst();
  }
}
