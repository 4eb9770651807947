package io.katajava.image.internal;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Files of an archive of images, kept as unfinished files until they are adopted. */
final class ArchiveBundle implements ImportBundle {
  private final ArchiveTable table;
  private final Map<String, Path> files = new HashMap<>();

  private ArchiveBundle(ArchiveTable table) {
    this.table = table;
  }

  @Override
  public @Nullable InputStream open(String name) throws IOException {
    // Names in archives are bytes, of which each is a character here.
    String bytes = new String(name.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    InputStream document = table.open(bytes);
    Path file = files.get(table.file(bytes));
    return document != null || file == null ? document : Files.newInputStream(file);
  }

  @Override
  public boolean hasBlobs() {
    return table.hasBlobs();
  }

  @Override
  public void close() throws IOException {
    for (Path file : files.values()) {
      Files.deleteIfExists(file);
    }
  }

  /**
   * The second pass over an archive.
   *
   * @param in the archive, uncompressed
   * @param table what the first pass has found
   * @param wanted which files are kept
   */
  static ArchiveBundle unpack(
      InputStream in, ArchiveTable table, StoreDirectory store, Predicate<String> wanted)
      throws IOException {
    ArchiveBundle bundle = new ArchiveBundle(table);
    boolean whole = false;
    try {
      LayerReader reader = new LayerReader(in);
      for (LayerEntry entry = reader.next(); entry != null; entry = reader.next()) {
        if (entry.kind() == LayerEntry.Kind.FILE && wanted.test(entry.path())) {
          bundle.keep(entry.path(), reader, store);
        }
      }
      whole = true;
      return bundle;
    } finally {
      if (!whole) {
        bundle.close();
      }
    }
  }

  /** One that is there twice counts as it is the last time. */
  private void keep(String name, LayerReader reader, StoreDirectory store) throws IOException {
    Path kept = files.get(name);
    if (kept == null) {
      kept = store.newTemporary();
      files.put(name, kept);
    }
    try (OutputStream out = store.output(kept, false)) {
      byte[] buffer = new byte[1 << 16];
      for (int n = reader.read(buffer); n >= 0; n = reader.read(buffer)) {
        out.write(buffer, 0, n);
      }
    }
  }
}
