package io.katajava.cli;

import io.katajava.internal.tar.TarEntry;
import io.katajava.internal.tar.TarWriter;
import io.katajava.internal.tree.BytePath;
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

/**
 * A tar.gz of texts, all of them redacted. Readable by its owner alone; appears by a rename when it
 * is whole.
 */
final class DebugArchive implements AutoCloseable {
  private static final int OWNER_ONLY = 0600;

  private final Path target;
  private final Path draft;
  private final String top;
  private final Redactor redactor;
  private final OutputStream out;
  private final TarWriter tar;
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
    out = new GZIPOutputStream(file);
    tar = new TarWriter(out);
  }

  void add(String name, String text) throws IOException {
    byte[] bytes = redactor.redact(text).getBytes(StandardCharsets.UTF_8);
    BytePath path = BytePath.of(top + "/" + name);
    tar.entry(new TarEntry(path, TarEntry.Type.FILE, OWNER_ONLY, bytes.length, now));
    tar.content(bytes, bytes.length);
    names.add(name);
  }

  List<String> names() {
    return List.copyOf(names);
  }

  /** Ends it and gives it its name. */
  void publish() throws IOException {
    tar.finish();
    out.close();
    Files.move(draft, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  @Override
  public void close() throws IOException {
    try {
      out.close();
    } finally {
      Files.deleteIfExists(draft);
    }
  }
}
