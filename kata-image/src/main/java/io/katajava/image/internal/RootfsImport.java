package io.katajava.image.internal;

import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.image.Digest;
import io.katajava.image.ImageLimits;
import io.katajava.image.ImageReference;
import io.katajava.image.Platform;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Takes a root filesystem, in an archive or a directory, as an image of one layer. */
final class RootfsImport {
  private final StoreDirectory store;
  private final ImageLimits limits;
  private final Deadline deadline;

  RootfsImport(StoreDirectory store, ImageLimits limits, Deadline deadline) {
    this.store = store;
    this.limits = limits;
    this.deadline = deadline;
  }

  ImageReader.Parts fromArchive(Path source, @Nullable ImageReference name) throws IOException {
    ImageReference called = required(source, name);
    Path unfinished = store.newTemporary();
    try {
      try (InputStream in = Files.newInputStream(source);
          OutputStream out = store.output(unfinished, false)) {
        byte[] buffer = new byte[1 << 16];
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
          LateException.check(deadline, "copying " + source);
          out.write(buffer, 0, n);
        }
      }
      return oneLayer(unfinished, called);
    } finally {
      Files.deleteIfExists(unfinished);
    }
  }

  ImageReader.Parts fromTree(Path source, @Nullable ImageReference name) throws IOException {
    ImageReference called = required(source, name);
    Path unfinished = store.newTemporary();
    try {
      try (OutputStream out = new BufferedOutputStream(store.output(unfinished, false), 1 << 16)) {
        TreeArchive.write(source, out, deadline);
      }
      return oneLayer(unfinished, called);
    } finally {
      Files.deleteIfExists(unfinished);
    }
  }

  private static ImageReference required(Path source, @Nullable ImageReference name) {
    if (name == null) {
      throw new KataException(
          ErrorCode.IMAGE_NOT_FOUND,
          source + " cannot be imported without a name: it is a root filesystem, which has none",
          Details.none().withRemedy("Give the image a name (--name on the command line)"));
    }
    return name;
  }

  private ImageReader.Parts oneLayer(Path archive, ImageReference name) throws IOException {
    Digest diffId;
    try (InputStream in = new LayerArchive(archive, limits, deadline).open()) {
      var hash = Digest.sha256(new byte[0]).newHash();
      InputStream hashing = new DigestInputStream(in, hash);
      LayerIndex.read(hashing, limits);
      diffId = new Digest("sha256", HexFormat.of().formatHex(hash.digest()));
    }
    Digest digest;
    try (InputStream in = Files.newInputStream(archive)) {
      var hash = Digest.sha256(new byte[0]).newHash();
      new DigestInputStream(in, hash).transferTo(OutputStream.nullOutputStream());
      digest = new Digest("sha256", HexFormat.of().formatHex(hash.digest()));
    }
    byte[] magic;
    try (InputStream in = Files.newInputStream(archive)) {
      magic = in.readNBytes(6);
    }
    Descriptor layer = new Descriptor(OciDocuments.layerType(magic), digest, Files.size(archive));
    if (!store.has(layer)) {
      store.publish(archive, store.blob(digest));
    }
    Descriptor config =
        store.add(
            OciDocuments.write(OciDocuments.configOf(Platform.host(), List.of(diffId))),
            OciDocuments.OCI_CONFIG);
    Descriptor manifest =
        store.add(
            OciDocuments.write(OciDocuments.manifestOf(config, List.of(layer))),
            OciDocuments.OCI_MANIFEST);
    return ImageReader.read(store::read, manifest, name, limits);
  }
}
