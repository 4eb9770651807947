package io.katajava.image.internal;

import io.katajava.image.Digest;
import io.katajava.image.Image;
import io.katajava.image.ImageLimits;
import io.katajava.image.ImageReference;
import io.katajava.image.Platform;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** From a descriptor to the image it names. */
public final class ImageReader {
  /** Name of an image in an OCI layout. */
  static final String NAME = "org.opencontainers.image.ref.name";

  /** The same for containerd and others that keep full names. */
  static final String FULL_NAME = "io.containerd.image.name";

  /** Digest of the index an image was chosen from. */
  static final String CHOSEN_FROM = "io.katajava.image.index";

  private ImageReader() {}

  /** Where documents come from: their digest is checked. */
  interface Documents {
    byte[] read(Descriptor descriptor) throws IOException;
  }

  /**
   * An image with the descriptors it consists of.
   *
   * @param image the image
   * @param manifest its manifest
   * @param config its configuration
   * @param layers its layers
   */
  public record Parts(
      Image image, Descriptor manifest, Descriptor config, List<Descriptor> layers) {}

  /** The name a descriptor of the store has. */
  static Optional<ImageReference> name(Descriptor descriptor) {
    String text = descriptor.annotations().get(FULL_NAME);
    try {
      return text == null ? Optional.empty() : Optional.of(ImageReference.parse(text));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** Manifest and configuration of an image, and what they say. */
  static Parts read(
      Documents documents, Descriptor manifest, ImageReference name, ImageLimits limits)
      throws IOException {
    OciDocuments.Manifest read =
        OciDocuments.manifest(
            OciDocuments.parse(documents.read(manifest), "manifest " + manifest.digest()));
    OciDocuments.ConfigFile config =
        OciDocuments.config(
            OciDocuments.parse(
                documents.read(read.config()), "configuration " + read.config().digest()));
    if (read.layers().size() > limits.layers()) {
      throw new InvalidLayerException(
          "it has " + read.layers().size() + " layers; the limit is " + limits.layers());
    }
    if (read.layers().size() != config.diffIds().size()) {
      throw new InvalidLayerException(
          "its manifest has "
              + read.layers().size()
              + " layers, its configuration "
              + config.diffIds().size());
    }
    List<Image.Layer> layers = new ArrayList<>();
    for (int i = 0; i < read.layers().size(); i++) {
      Descriptor layer = read.layers().get(i);
      if (!layer.mediaType().contains("tar")) {
        throw new InvalidLayerException(
            "layer " + layer.digest() + " is of the type '" + layer.mediaType() + "', no archive");
      }
      layers.add(new Image.Layer(layer.digest(), layer.size(), config.diffIds().get(i)));
    }
    return new Parts(
        new Image(
            name, manifest.digest(), config.platform(), config.created(), layers, config.config()),
        manifest,
        read.config(),
        read.layers());
  }

  /** The manifest for a platform, through nested indexes; empty when there is none. */
  static Optional<Descriptor> choose(
      Documents documents, List<Descriptor> candidates, Platform platform, int depth)
      throws IOException {
    Descriptor best = null;
    int fit = 0;
    for (Descriptor candidate : candidates) {
      Descriptor found = candidate;
      if (OciDocuments.isIndex(candidate.mediaType()) && depth < 4) {
        found =
            choose(
                    documents,
                    OciDocuments.index(
                        OciDocuments.parse(
                            documents.read(candidate), "index " + candidate.digest())),
                    platform,
                    depth + 1)
                .orElse(null);
      }
      if (found == null) {
        continue;
      }
      // Who does not say what it runs on is the only one there is.
      int now = found.platform().map(other -> platform.fit(other)).orElse(1);
      if (now > fit) {
        best = found;
        fit = now;
      }
    }
    return Optional.ofNullable(best);
  }

  static boolean isDigest(String text) {
    try {
      Digest.parse(text);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
