package io.katajava.image.internal;

import io.katajava.image.ImageReference;
import io.katajava.image.internal.LayerEntry.Kind;
import io.katajava.internal.tree.BytePath;
import io.katajava.internal.tree.Draft;
import io.katajava.internal.tree.OpenDirectory;
import io.katajava.json.JsonObject;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** An image as a tar archive of an OCI image layout; the same image, the same bytes. */
final class ImageExport {
  private ImageExport() {}

  static void write(StoreDirectory store, ImageReader.Parts parts, Path target) throws IOException {
    Path absolute = target.toAbsolutePath();
    Path parent = absolute.getParent();
    if (parent == null) {
      throw new IOException(target + " is a directory");
    }
    // It has no name until it is whole, so that nothing is left if this process is killed.
    try (OpenDirectory directory = OpenDirectory.of(parent);
        Draft draft = Draft.of(directory)) {
      try (OutputStream out = new BufferedOutputStream(draft.file().stream(), 1 << 16)) {
        write(store, parts, new LayerWriter(out));
      }
      draft.take(BytePath.nameOf(absolute));
    }
  }

  private static void write(StoreDirectory store, ImageReader.Parts parts, LayerWriter out)
      throws IOException {
    ImageReference name = parts.image().reference();
    Descriptor manifest =
        new Descriptor(
                parts.manifest().mediaType(), parts.manifest().digest(), parts.manifest().size())
            .on(parts.image().platform())
            .annotated(ImageReader.FULL_NAME, name.toString())
            .annotated(ImageReader.NAME, name.tag().orElse(ImageReference.DEFAULT_TAG));
    document(out, "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
    JsonObject index = OciDocuments.indexOf(List.of(manifest));
    document(out, "index.json", new String(OciDocuments.write(index), StandardCharsets.UTF_8));
    Map<String, Descriptor> blobs = new LinkedHashMap<>();
    List<Descriptor> all = new ArrayList<>(List.of(manifest, parts.config()));
    all.addAll(parts.layers());
    for (Descriptor each : all) {
      blobs.put("blobs/" + each.digest().algorithm() + "/" + each.digest().hex(), each);
    }
    for (Map.Entry<String, Descriptor> each : blobs.entrySet()) {
      blob(store, out, each.getKey(), each.getValue());
    }
    out.finish();
  }

  private static LayerEntry file(String path, long size) {
    return new LayerEntry(path, Kind.FILE, 0644, 0, 0, size, 0, "", 0, 0, Map.of());
  }

  private static void document(LayerWriter out, String path, String text) throws IOException {
    byte[] content = text.getBytes(StandardCharsets.UTF_8);
    out.entry(file(path, content.length));
    out.content(content, content.length);
  }

  private static void blob(StoreDirectory store, LayerWriter out, String path, Descriptor blob)
      throws IOException {
    var hash = blob.digest().newHash();
    out.entry(file(path, blob.size()));
    byte[] buffer = new byte[1 << 16];
    long size = 0;
    try (InputStream in = Files.newInputStream(store.blob(blob.digest()))) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        size += n;
        if (size > blob.size()) {
          break;
        }
        hash.update(buffer, 0, n);
        out.content(buffer, n);
      }
    }
    StoreDirectory.check(blob, size, hash);
  }
}
