package io.katajava.bench;

import io.katajava.MemorySize;
import io.katajava.image.Digest;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** Images whose layers are made here, of files like those that distributions have. */
final class BenchImage {
  /** Sizes in KiB, in turn: mostly small files, most bytes in large ones. */
  private static final int[] SIZES = {1, 2, 4, 4, 8, 16, 32, 64, 256, 1024};

  private static final int LIMIT_MINUTES = 30;

  private final Path directory;

  /**
   * A layer.
   *
   * @param archive its archive
   * @param compressed the same by {@code gzip -1}
   */
  record Layer(Path archive, Path compressed) {
    long bytes() throws IOException {
      return Files.size(archive);
    }
  }

  BenchImage(Path directory) {
    this.directory = directory;
  }

  /** A layer of so many bytes; the first of an image has a shell, too. */
  Layer layer(String name, MemorySize size, boolean shell)
      throws IOException, InterruptedException {
    Path tree = Files.createDirectories(directory.resolve(name));
    if (shell) {
      Path bin = Files.createDirectories(tree.resolve("bin"));
      Path busybox = Path.of("/bin/busybox");
      Files.copy(
          Files.exists(busybox) ? busybox : Path.of("/usr/bin/busybox"), bin.resolve("busybox"));
      for (String tool : List.of("sh", "uname")) {
        Files.createSymbolicLink(bin.resolve(tool), Path.of("busybox"));
      }
    }
    Random random = new Random(name.hashCode());
    long left = size.bytes();
    for (int number = 0; left > 0; number++) {
      Path place = tree.resolve("usr/share/" + name + "-" + number / 100);
      if (number % 100 == 0) {
        Files.createDirectories(place);
      }
      int bytes = (int) Math.min(left, SIZES[number % SIZES.length] * 1024L);
      Files.write(place.resolve("file-" + number), content(random, bytes));
      left -= bytes;
    }
    Path archive = directory.resolve(name + ".tar");
    run("tar", "-cf", archive.toString(), "--owner=0", "--group=0", "-C", tree.toString(), ".");
    Path compressed = directory.resolve(name + ".tar.gz");
    try (OutputStream out = Files.newOutputStream(compressed)) {
      Process gzip =
          new ProcessBuilder("gzip", "-1", "-c", archive.toString())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      gzip.getInputStream().transferTo(out);
      require(gzip, "gzip");
    }
    return new Layer(archive, compressed);
  }

  /** About as compressible as programs and their texts. */
  private static byte[] content(Random random, int bytes) {
    byte[] content = new byte[bytes];
    random.nextBytes(content);
    for (int i = 0; i < bytes; i++) {
      if ((i >> 4) % 3 > 0) {
        content[i] = (byte) ('a' + (i & 7));
      }
    }
    return content;
  }

  /** An OCI layout of an image of these layers, compressed or not. */
  Path layout(String reference, List<Layer> layers, boolean compressed) throws IOException {
    Path layout = directory.resolve("layout-" + layers.size() + (compressed ? "-gzip" : "-plain"));
    Path blobs = Files.createDirectories(layout.resolve("blobs/sha256"));
    List<String> descriptors = new ArrayList<>();
    List<String> contents = new ArrayList<>();
    for (Layer layer : layers) {
      Path file = compressed ? layer.compressed() : layer.archive();
      String digest = sha256(file);
      Path blob = blobs.resolve(digest);
      if (!Files.exists(blob)) {
        Files.createLink(blob, file);
      }
      descriptors.add(
          descriptor(
              "application/vnd.oci.image.layer.v1.tar" + (compressed ? "+gzip" : ""),
              digest,
              Files.size(file),
              ""));
      contents.add("\"sha256:" + sha256(layer.archive()) + "\"");
    }
    String config =
        blob(
            blobs,
            "application/vnd.oci.image.config.v1+json",
            "{\"architecture\":\""
                + io.katajava.image.Platform.host().architecture()
                + "\",\"os\":\"linux\",\"config\":{\"Env\":[\"PATH=/bin\"]},"
                + "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":"
                + contents
                + "}}",
            "");
    String manifest =
        blob(
            blobs,
            "application/vnd.oci.image.manifest.v1+json",
            "{\"schemaVersion\":2,\"config\":" + config + ",\"layers\":" + descriptors + "}",
            ",\"annotations\":{\"io.containerd.image.name\":\"" + reference + "\"}");
    Files.writeString(layout.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
    Files.writeString(
        layout.resolve("index.json"), "{\"schemaVersion\":2,\"manifests\":[" + manifest + "]}");
    return layout;
  }

  private static String blob(Path blobs, String mediaType, String content, String more)
      throws IOException {
    byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
    String digest = Digest.sha256(bytes).hex();
    Files.write(blobs.resolve(digest), bytes);
    return descriptor(mediaType, digest, bytes.length, more);
  }

  private static String descriptor(String mediaType, String digest, long size, String more) {
    return "{\"mediaType\":\""
        + mediaType
        + "\",\"digest\":\"sha256:"
        + digest
        + "\",\"size\":"
        + size
        + more
        + "}";
  }

  private static String sha256(Path file) throws IOException {
    MessageDigest hash = Digest.sha256(new byte[0]).newHash();
    try (var in = new DigestInputStream(Files.newInputStream(file), hash)) {
      in.transferTo(OutputStream.nullOutputStream());
    }
    return HexFormat.of().formatHex(hash.digest());
  }

  static void run(String... command) throws IOException, InterruptedException {
    require(new ProcessBuilder(command).inheritIO().start(), command[0]);
  }

  private static void require(Process process, String name)
      throws IOException, InterruptedException {
    if (!process.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES)) {
      process.destroyForcibly();
      throw new IOException(name + " did not end");
    }
    if (process.exitValue() != 0) {
      throw new IOException(name + " ended with status " + process.exitValue());
    }
  }
}
