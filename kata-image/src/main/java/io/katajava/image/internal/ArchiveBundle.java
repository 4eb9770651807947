package io.katajava.image.internal;

import io.katajava.image.Digest;
import io.katajava.image.ImageLimits;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** Files of an archive of images, kept as unfinished files until they are adopted. */
final class ArchiveBundle implements ImportBundle {
  private final StoreDirectory store;
  private final Map<String, Path> files = new HashMap<>();
  private final Map<String, String> links = new HashMap<>();

  private ArchiveBundle(StoreDirectory store) {
    this.store = store;
  }

  boolean has(String name) {
    return files.containsKey(name);
  }

  /** Newer archives have a layer once and links to it. */
  private @Nullable Path file(String name) {
    Path file = files.get(name);
    String link = links.get(name);
    if (file != null || link == null) {
      return file;
    }
    Path at = Path.of(name).resolveSibling(link).normalize();
    return files.get(at.toString());
  }

  @Override
  public @Nullable InputStream open(String name) throws IOException {
    Path file = file(name);
    return file == null ? null : Files.newInputStream(file);
  }

  Descriptor adopt(String name, String mediaType) throws IOException {
    Path file = file(name);
    if (file == null) {
      throw new InvalidLayerException("file " + name + " is missing");
    }
    Digest digest;
    try (InputStream in = Files.newInputStream(file)) {
      var hash = Digest.sha256(new byte[0]).newHash();
      new java.security.DigestInputStream(in, hash)
          .transferTo(java.io.OutputStream.nullOutputStream());
      digest = new Digest("sha256", java.util.HexFormat.of().formatHex(hash.digest()));
    }
    Descriptor descriptor = new Descriptor(mediaType, digest, Files.size(file));
    try (InputStream in = Files.newInputStream(file)) {
      store.add(descriptor, in);
    }
    return descriptor;
  }

  @Override
  public void close() throws IOException {
    for (Path file : files.values()) {
      Files.deleteIfExists(file);
    }
  }

  /**
   * Takes an archive apart as far as it is one of images; a root filesystem shows early.
   *
   * @param progress hears how many bytes were read
   */
  static ArchiveBundle unpack(
      Path source, StoreDirectory store, ImageLimits limits, LongConsumer progress)
      throws IOException {
    ArchiveBundle bundle = new ArchiveBundle(store);
    boolean whole = false;
    long[] done = {0};
    try (InputStream file =
            new CountingStream(
                Files.newInputStream(source),
                count -> {
                  done[0] += count;
                  progress.accept(done[0]);
                });
        InputStream in =
            new java.io.BufferedInputStream(LayerArchive.uncompressed(file), 1 << 16)) {
      TarReader reader = new TarReader(in);
      for (TarEntry entry = reader.next(); entry != null; entry = reader.next()) {
        if (entry.kind() == TarEntry.Kind.DIRECTORY) {
          continue;
        }
        String name = entry.path();
        boolean known =
            name.startsWith("blobs/")
                || name.equals("index.json")
                || name.equals("oci-layout")
                || name.equals("manifest.json")
                || name.equals("repositories")
                || name.matches("[0-9a-f]{64}(\\.json|/.*|\\.tar)?");
        if (!known) {
          // No archive of images: nothing more of it need be looked at.
          break;
        }
        if (bundle.files.size() + bundle.links.size() > 4 * limits.layers()) {
          throw new InvalidLayerException("an archive of more files than images have");
        }
        if (entry.kind() == TarEntry.Kind.SYMLINK) {
          bundle.links.put(name, entry.link());
        } else if (entry.kind() == TarEntry.Kind.FILE) {
          Path kept = store.newTemporary();
          bundle.files.put(name, kept);
          try (var out = Files.newOutputStream(kept)) {
            byte[] buffer = new byte[1 << 16];
            for (int n = reader.read(buffer); n >= 0; n = reader.read(buffer)) {
              out.write(buffer, 0, n);
            }
          }
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
}
