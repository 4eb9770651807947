package io.katajava.cli;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/**
 * A tar.gz of texts, all of them redacted. Readable by its owner alone; appears by a rename when it
 * is whole.
 */
final class DebugArchive implements AutoCloseable {
  /** A regular file, for its owner alone. */
  private static final int OWNER_ONLY = 0100600;

  private final Path target;
  private final Path draft;
  private final String top;
  private final Redactor redactor;
  private final TarArchiveOutputStream tar;
  private final Instant now = Instant.now();
  private final List<String> names = new ArrayList<>();

  DebugArchive(Path target, String top, Redactor redactor) throws IOException {
    this.target = target.toAbsolutePath();
    this.top = top;
    this.redactor = redactor;
    Path directory = this.target.getParent();
    draft =
        Files.createTempFile(
            directory == null ? Path.of("/") : directory,
            "kata-debug",
            ".part",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    OutputStream file = new BufferedOutputStream(Files.newOutputStream(draft));
    tar = new TarArchiveOutputStream(new GZIPOutputStream(file), StandardCharsets.UTF_8.name());
    tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
    tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
  }

  void add(String name, String text) throws IOException {
    byte[] bytes = redactor.redact(text).getBytes(StandardCharsets.UTF_8);
    TarArchiveEntry entry = new TarArchiveEntry(top + "/" + name);
    entry.setSize(bytes.length);
    entry.setMode(OWNER_ONLY);
    entry.setModTime(java.nio.file.attribute.FileTime.from(now));
    tar.putArchiveEntry(entry);
    tar.write(bytes);
    tar.closeArchiveEntry();
    names.add(name);
  }

  List<String> names() {
    return List.copyOf(names);
  }

  /** Ends it and gives it its name. */
  void publish() throws IOException {
    tar.close();
    Files.move(draft, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  @Override
  public void close() throws IOException {
    try {
      tar.close();
    } finally {
      Files.deleteIfExists(draft);
    }
  }
}
