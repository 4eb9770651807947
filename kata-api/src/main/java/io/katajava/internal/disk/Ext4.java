package io.katajava.internal.disk;

import io.katajava.MemorySize;
import io.katajava.internal.host.HostProgram;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/** Empty ext4 filesystems in sparse files, made by e2fsprogs without any privilege. */
public final class Ext4 {
  /** The type's name for mount(2). */
  public static final String NAME = "ext4";

  private static final String PACKAGE = "e2fsprogs";

  private Ext4() {}

  /**
   * Makes an image that only its owner may open.
   *
   * @param file must not be there
   * @param size of the disk; the file takes what is written
   * @param journal whether it must be whole after a crash
   * @throws IOException when it cannot be made; then nothing is left
   */
  public static void make(Path file, MemorySize size, boolean journal) throws IOException {
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    boolean made = false;
    try {
      try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
        sparse.setLength(size.bytes());
      }
      List<String> line = new ArrayList<>(List.of(HostProgram.find("mke2fs"), "-q", "-F"));
      line.addAll(List.of("-t", NAME, "-m", "0"));
      if (!journal) {
        line.addAll(List.of("-O", "^has_journal"));
      }
      line.addAll(List.of("-E", "lazy_itable_init=1,lazy_journal_init=1,nodiscard"));
      line.add(file.toString());
      HostProgram.run(line, PACKAGE);
      // Databases want an empty directory, and e2fsck makes it again when it needs it.
      HostProgram.run(
          List.of(HostProgram.find("debugfs"), "-w", "-R", "rmdir lost+found", file.toString()),
          PACKAGE);
      made = true;
    } finally {
      if (!made) {
        Files.deleteIfExists(file);
      }
    }
  }
}
