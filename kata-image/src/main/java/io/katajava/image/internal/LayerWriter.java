package io.katajava.image.internal;

import io.katajava.internal.tar.TarEntry;
import io.katajava.internal.tar.TarWriter;
import io.katajava.internal.tree.BytePath;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

/** Writes the archive of an image: entries as images have them. */
public final class LayerWriter {
  private final TarWriter archive;

  LayerWriter(OutputStream out) {
    this.archive = new TarWriter(out);
  }

  /** Begins an entry; {@code size} bytes of content must follow. */
  void entry(LayerEntry entry) throws IOException {
    archive.entry(
        new TarEntry(
            path(entry.path().isEmpty() ? "./" : entry.path()),
            entry.kind().type,
            entry.mode(),
            entry.uid(),
            entry.gid(),
            entry.size(),
            Instant.ofEpochSecond(entry.mtime()),
            path(entry.link()),
            entry.major(),
            entry.minor(),
            entry.xattrs()));
  }

  void content(byte[] bytes, int count) throws IOException {
    archive.content(bytes, count);
  }

  /** Writes the end; the stream stays open. */
  void finish() throws IOException {
    archive.finish();
  }

  private static BytePath path(String text) {
    return BytePath.of(text.getBytes(StandardCharsets.ISO_8859_1));
  }
}
