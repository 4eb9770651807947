package io.katajava.cli;

import io.katajava.internal.tar.TarEntry;
import io.katajava.internal.tar.TarWriter;
import io.katajava.internal.tree.BytePath;
import io.katajava.internal.tree.Draft;
import io.katajava.internal.tree.OpenDirectory;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
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
  private final OpenDirectory directory;
  private final Draft draft;
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
    Path parent = this.target.getParent();
    if (parent == null) {
      throw new IOException(target + " is a directory");
    }
    directory = OpenDirectory.of(parent);
    try {
      // It has no name until it is whole, so that nothing is left if this process is killed.
      draft = Draft.of(directory);
    } catch (IOException e) {
      directory.close();
      throw e;
    }
    out = new GZIPOutputStream(new BufferedOutputStream(draft.file().stream()));
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
    draft.take(BytePath.nameOf(target));
  }

  @Override
  public void close() throws IOException {
    try (directory;
        draft) {
      out.close();
    }
  }
}
