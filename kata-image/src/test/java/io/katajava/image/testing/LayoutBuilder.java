package io.katajava.image.testing;

import io.katajava.image.Digest;
import io.katajava.image.Platform;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;

/** Makes an OCI image layout of one image, or just its documents. */
public final class LayoutBuilder {
  private final List<byte[]> layers = new ArrayList<>();
  private final List<byte[]> archives = new ArrayList<>();
  private String config = "{}";
  private Platform platform = Platform.host();

  public LayoutBuilder layer(LayerBuilder layer) {
    return layer(layer.gzip(), layer.tar());
  }

  /** A layer as it is sent, and what is said to be in it. */
  public LayoutBuilder layer(byte[] sent, byte[] archive) {
    layers.add(sent);
    archives.add(archive);
    return this;
  }

  /** The member {@code config} of the configuration, JSON. */
  public LayoutBuilder config(String json) {
    config = json;
    return this;
  }

  public LayoutBuilder platform(Platform other) {
    platform = other;
    return this;
  }

  public List<byte[]> layers() {
    return List.copyOf(layers);
  }

  public byte[] configuration() {
    StringBuilder diffIds = new StringBuilder();
    for (byte[] archive : archives) {
      diffIds.append(diffIds.length() == 0 ? "" : ",");
      diffIds.append('"').append(Digest.sha256(archive)).append('"');
    }
    return bytes(
        "{\"architecture\":\""
            + platform.architecture()
            + "\",\"os\":\"linux\",\"config\":"
            + config
            + ",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":["
            + diffIds
            + "]}}");
  }

  public byte[] manifest() {
    StringBuilder descriptors = new StringBuilder();
    for (byte[] layer : layers) {
      descriptors.append(descriptors.length() == 0 ? "" : ",");
      descriptors.append(descriptor("application/vnd.oci.image.layer.v1.tar+gzip", layer, ""));
    }
    return bytes(
        "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
            + "\"config\":"
            + descriptor("application/vnd.oci.image.config.v1+json", configuration(), "")
            + ",\"layers\":["
            + descriptors
            + "]}");
  }

  public static String descriptor(String mediaType, byte[] content, String more) {
    return "{\"mediaType\":\""
        + mediaType
        + "\",\"digest\":\""
        + Digest.sha256(content)
        + "\",\"size\":"
        + content.length
        + more
        + "}";
  }

  /** Writes the layout; the image's name is an annotation. */
  public Path writeTo(Path directory, String name) throws IOException {
    Files.createDirectories(directory.resolve("blobs/sha256"));
    Files.writeString(directory.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
    Files.writeString(
        directory.resolve("index.json"),
        "{\"schemaVersion\":2,\"manifests\":["
            + descriptor(
                "application/vnd.oci.image.manifest.v1+json",
                manifest(),
                ",\"annotations\":{\"io.containerd.image.name\":\"" + name + "\"}")
            + "]}");
    List<byte[]> blobs = new ArrayList<>(layers);
    blobs.add(configuration());
    blobs.add(manifest());
    for (byte[] blob : blobs) {
      Files.write(directory.resolve("blobs/sha256").resolve(Digest.sha256(blob).hex()), blob);
    }
    return directory;
  }

  /** What gzip makes of it. */
  public static byte[] gunzip(byte[] compressed) throws IOException {
    try (GZIPInputStream in = new GZIPInputStream(new java.io.ByteArrayInputStream(compressed))) {
      return in.readAllBytes();
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
