package io.katajava.image.internal;

import io.katajava.Deadline;
import io.katajava.base.text.PrintableText;
import io.katajava.image.Digest;
import io.katajava.image.Image;
import io.katajava.image.ImageLimits;
import io.katajava.image.ImageReference;
import io.katajava.image.Platform;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

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
    ForeignJson document =
        OciDocuments.parse(documents.read(manifest), "manifest " + manifest.digest());
    Optional<String> artifact = OciDocuments.artifactType(document);
    if (artifact.isPresent()) {
      throw notAnImage(artifact.get());
    }
    OciDocuments.Manifest read = OciDocuments.manifest(document);
    check(read.layers(), limits);
    OciDocuments.ConfigFile config =
        OciDocuments.config(
            OciDocuments.parse(
                documents.read(read.config()), "configuration " + read.config().digest()));
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
      layers.add(new Image.Layer(layer.digest(), layer.size(), config.diffIds().get(i)));
    }
    return new Parts(
        new Image(
            name, manifest.digest(), config.platform(), config.created(), layers, config.config()),
        manifest,
        read.config(),
        read.layers());
  }

  private static InvalidLayerException notAnImage(String type) {
    return new InvalidLayerException(
        "it is an artifact ("
            + PrintableText.line(type, 200)
            + "), not an image. Artifacts, such as software bills and signatures, cannot be run");
  }

  /** What a manifest says of its layers, before any of them is asked for. */
  private static void check(List<Descriptor> layers, ImageLimits limits)
      throws InvalidLayerException {
    if (layers.size() > limits.layers()) {
      throw new InvalidLayerException(
          "it has " + layers.size() + " layers; the limit is " + limits.layers());
    }
    for (Descriptor layer : layers) {
      String type = PrintableText.line(layer.mediaType(), 200);
      if (type.endsWith("+encrypted")) {
        throw new InvalidLayerException(
            "layer "
                + layer.digest()
                + " has the type '"
                + type
                + "'. Encrypted layers are not supported; decrypt the image first, for example with"
                + " 'skopeo copy --decryption-key'");
      }
      if (!type.contains("tar")) {
        throw new InvalidLayerException(
            "layer " + layer.digest() + " is of the type '" + type + "', which is not an archive");
      }
      if (layer.size() > limits.layerSize().bytes()) {
        throw new InvalidLayerException(
            "layer "
                + layer.digest()
                + " is said to have "
                + layer.size()
                + " bytes; the limit is "
                + limits.layerSize());
      }
    }
  }

  /** Looks for the manifest of a platform, through indexes within indexes. */
  static final class Search {
    private static final int MOST_INDEXES = 16;
    private static final int MOST_MANIFESTS = 256;
    private static final int DEEPEST = 4;

    private final Documents documents;
    private final Platform platform;
    private final Deadline deadline;
    private final Set<Digest> indexes = new HashSet<>();
    private final List<Descriptor> images = new ArrayList<>();
    private @Nullable Descriptor best;
    private int bestFit;
    private int looked;
    private @Nullable String artifact;

    Search(Documents documents, Platform platform, Deadline deadline) {
      this.documents = documents;
      this.platform = platform;
      this.deadline = deadline;
    }

    /**
     * Chooses.
     *
     * @return the manifest that fits best; empty when there is none for the platform
     * @throws InvalidLayerException when there is no image at all
     */
    Optional<Descriptor> choose(List<Descriptor> candidates) throws IOException {
      look(candidates, 0);
      if (best == null && images.size() == 1 && images.get(0).platform().isEmpty()) {
        // It is the only one there is, whatever it runs on.
        return Optional.of(images.get(0));
      }
      if (images.isEmpty() && artifact != null) {
        throw notAnImage(artifact);
      }
      return Optional.ofNullable(best);
    }

    private void look(List<Descriptor> candidates, int depth) throws IOException {
      for (Descriptor candidate : candidates) {
        LateException.check(deadline, "looking for an image for " + platform);
        if (!OciDocuments.isIndex(candidate.mediaType())) {
          consider(candidate);
        } else if (indexes.add(candidate.digest())) {
          if (depth == DEEPEST || indexes.size() > MOST_INDEXES) {
            throw new InvalidLayerException(
                "it has more than "
                    + MOST_INDEXES
                    + " indexes, or more than "
                    + DEEPEST
                    + " of them within each other");
          }
          look(
              OciDocuments.index(
                  OciDocuments.parse(documents.read(candidate), "index " + candidate.digest())),
              depth + 1);
        }
      }
    }

    private void consider(Descriptor candidate) throws IOException {
      int fit = candidate.platform().map(platform::fit).orElse(0);
      if (candidate.platform().isEmpty() || fit > 0) {
        // Software bills and signatures stand beside images, some with the same platform.
        if (++looked > MOST_MANIFESTS) {
          throw new InvalidLayerException(
              "it has more than " + MOST_MANIFESTS + " manifests that may be for " + platform);
        }
        ForeignJson manifest =
            OciDocuments.parse(documents.read(candidate), "manifest " + candidate.digest());
        Optional<String> type = OciDocuments.artifactType(manifest);
        if (type.isPresent()) {
          artifact = type.get();
          return;
        }
        if (candidate.platform().isEmpty()) {
          Descriptor config = OciDocuments.manifest(manifest).config();
          fit =
              platform.fit(
                  OciDocuments.config(
                          OciDocuments.parse(
                              documents.read(config), "configuration " + config.digest()))
                      .platform());
        }
      }
      images.add(candidate);
      if (fit > bestFit || (fit == bestFit && fit > 0 && runsOnMore(candidate))) {
        best = candidate;
        bestFit = fit;
      }
    }

    /** Of two variants, such as v2 and v3 of amd64, the lower one needs less of the processor. */
    private boolean runsOnMore(Descriptor candidate) {
      String variant = candidate.platform().flatMap(Platform::variant).orElse("");
      String other = best == null ? "" : best.platform().flatMap(Platform::variant).orElse("");
      return !variant.isEmpty() && variant.compareTo(other) < 0;
    }
  }
}
