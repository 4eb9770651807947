package io.katajava.image.internal;

import com.fasterxml.jackson.databind.JsonNode;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.ProgressEvent;
import io.katajava.ProgressListener;
import io.katajava.image.Digest;
import io.katajava.image.ImageLimits;
import io.katajava.image.ImageReference;
import io.katajava.image.Platform;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** Takes images from files: what kind of file it is shows from its content. */
final class ImageImport {
  private final StoreDirectory store;
  private final ImageLimits limits;
  private final ProgressListener progress;

  ImageImport(StoreDirectory store, ImageLimits limits, ProgressListener progress) {
    this.store = store;
    this.limits = limits;
    this.progress = progress;
  }

  /** The images of a source, all of their content in the store; they have no names there yet. */
  List<ImageReader.Parts> from(Path source, @Nullable ImageReference name) throws IOException {
    if (!Files.exists(source)) {
      throw new NoSuchFileException(source.toString());
    }
    String subject =
        source.getFileName() == null ? source.toString() : source.getFileName().toString();
    try {
      if (Files.isDirectory(source)) {
        return Files.exists(source.resolve("index.json"))
            ? fromLayout(new ImportBundle.OfDirectory(source), source, name)
            : List.of(fromTree(source, name));
      }
      try (ArchiveBundle bundle =
          ArchiveBundle.unpack(source, store, limits, listening(subject, Files.size(source)))) {
        if (bundle.has("index.json") && bundle.has("oci-layout")) {
          return fromLayout(bundle, source, name);
        }
        if (bundle.has("manifest.json")) {
          return fromDockerSave(bundle, source, name);
        }
      }
      return List.of(fromArchive(source, name));
    } finally {
      progress.progress(event(subject, 0, 0, true));
    }
  }

  private LongConsumer listening(String subject, long total) {
    return done -> progress.progress(event(subject, done, total, false));
  }

  private static ProgressEvent event(String subject, long done, long total, boolean ended) {
    return new ProgressEvent(
        ProgressEvent.Activity.PULL,
        subject,
        done,
        total > 0 ? OptionalLong.of(total) : OptionalLong.empty(),
        ended);
  }

  private List<ImageReader.Parts> fromLayout(
      ImportBundle bundle, Path source, @Nullable ImageReference name) throws IOException {
    try (bundle) {
      InputStream index = bundle.open("index.json");
      if (index == null) {
        throw new InvalidLayerException("it has no index.json");
      }
      List<Descriptor> all =
          OciDocuments.index(OciDocuments.parse(document(index), source + "/index.json"));
      ImageReader.Documents documents = descriptor -> verified(bundle, descriptor);
      List<ImageReader.Parts> images = new ArrayList<>();
      for (Descriptor each : all) {
        Optional<ImageReference> own = nameIn(each);
        boolean wanted = name == null || all.size() == 1 || own.filter(name::equals).isPresent();
        if (!wanted) {
          continue;
        }
        ImageReference called = name != null ? name : own.orElse(null);
        if (called == null) {
          throw new KataException(
              ErrorCode.IMAGE_NOT_FOUND,
              "an image of " + source + " has no full name: " + each.annotations(),
              Details.none().withRemedy("Say what to call it"));
        }
        Descriptor manifest =
            ImageReader.choose(documents, List.of(each), Platform.host(), 0)
                .orElseThrow(() -> absent(source, called.toString()));
        images.add(take(bundle, documents, manifest, called));
      }
      if (images.isEmpty()) {
        throw absent(source, String.valueOf(name));
      }
      return images;
    }
  }

  private static KataException absent(Path source, String name) {
    return new KataException(
        ErrorCode.IMAGE_NOT_FOUND,
        source + " has no image " + name + " for " + Platform.host(),
        Details.none().withRemedy("Look at its index.json"));
  }

  private static Optional<ImageReference> nameIn(Descriptor descriptor) {
    Optional<ImageReference> full = ImageReader.name(descriptor);
    if (full.isPresent()) {
      return full;
    }
    String text = descriptor.annotations().getOrDefault(ImageReader.NAME, "");
    try {
      // A bare word is only a tag, of a name nobody tells.
      return text.contains(":") || text.contains("/")
          ? Optional.of(ImageReference.parse(text))
          : Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private ImageReader.Parts take(
      ImportBundle bundle,
      ImageReader.Documents documents,
      Descriptor manifest,
      ImageReference name)
      throws IOException {
    ImageReader.Parts parts = ImageReader.read(documents, manifest, name, limits);
    for (Descriptor layer : parts.layers()) {
      if (!store.has(layer)) {
        InputStream in = bundle.open(blobName(layer));
        if (in == null) {
          throw new InvalidLayerException("blob " + layer.digest() + " is missing");
        }
        try (in) {
          store.add(layer, in);
        }
      }
    }
    store.add(parts.config(), new ByteArrayInputStream(documents.read(parts.config())));
    store.add(manifest, new ByteArrayInputStream(documents.read(manifest)));
    return parts;
  }

  private static String blobName(Descriptor descriptor) {
    return "blobs/" + descriptor.digest().algorithm() + "/" + descriptor.digest().hex();
  }

  private static byte[] verified(ImportBundle bundle, Descriptor descriptor) throws IOException {
    InputStream in = bundle.open(blobName(descriptor));
    if (in == null) {
      throw new InvalidLayerException("blob " + descriptor.digest() + " is missing");
    }
    byte[] content = document(in);
    var hash = descriptor.digest().newHash();
    hash.update(content);
    StoreDirectory.check(descriptor, content.length, hash);
    return content;
  }

  private static byte[] document(InputStream in) throws IOException {
    try (in) {
      byte[] content = in.readNBytes(OciDocuments.MAXIMUM_DOCUMENT + 1);
      if (content.length > OciDocuments.MAXIMUM_DOCUMENT) {
        throw new InvalidLayerException("a document of more than 4 MiB");
      }
      return content;
    }
  }

  /** {@code docker save}: manifest.json names a configuration and uncompressed layers. */
  private List<ImageReader.Parts> fromDockerSave(
      ArchiveBundle bundle, Path source, @Nullable ImageReference name) throws IOException {
    InputStream in = bundle.open("manifest.json");
    if (in == null) {
      throw absent(source, String.valueOf(name));
    }
    JsonNode list =
        OciDocuments.parse(
            ("{\"all\":" + new String(document(in), java.nio.charset.StandardCharsets.UTF_8) + "}")
                .getBytes(java.nio.charset.StandardCharsets.UTF_8),
            source + "/manifest.json");
    List<ImageReader.Parts> images = new ArrayList<>();
    JsonNode all = list.path("all");
    for (JsonNode each : all) {
      List<ImageReference> names = new ArrayList<>();
      each.path("RepoTags").forEach(tag -> names.add(ImageReference.parse(tag.asText())));
      if (name != null && (all.size() == 1 || names.contains(name))) {
        names.clear();
        names.add(name);
      } else if (name != null) {
        continue;
      }
      if (names.isEmpty()) {
        throw new KataException(
            ErrorCode.IMAGE_NOT_FOUND,
            "an image of " + source + " has no name",
            Details.none().withRemedy("Say what to call it"));
      }
      List<Descriptor> layers = new ArrayList<>();
      for (JsonNode layer : each.path("Layers")) {
        layers.add(bundle.adopt(layer.asText(), OciDocuments.OCI_LAYER));
      }
      Descriptor config = bundle.adopt(each.path("Config").asText(), OciDocuments.OCI_CONFIG);
      Descriptor manifest =
          store.add(
              OciDocuments.write(OciDocuments.manifestOf(config, layers)),
              OciDocuments.OCI_MANIFEST);
      for (ImageReference one : names) {
        images.add(ImageReader.read(store::read, manifest, one, limits));
      }
    }
    if (images.isEmpty()) {
      throw absent(source, String.valueOf(name));
    }
    return images;
  }

  /** A root filesystem in one archive becomes an image of one layer. */
  private ImageReader.Parts fromArchive(Path source, @Nullable ImageReference name)
      throws IOException {
    ImageReference called = required(source, name);
    Path unfinished = store.newTemporary();
    try {
      try (InputStream in = Files.newInputStream(source)) {
        Files.copy(in, unfinished, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
      }
      return oneLayer(unfinished, called);
    } finally {
      Files.deleteIfExists(unfinished);
    }
  }

  private ImageReader.Parts fromTree(Path source, @Nullable ImageReference name)
      throws IOException {
    ImageReference called = required(source, name);
    Path unfinished = store.newTemporary();
    try {
      TreeArchive.write(source, unfinished);
      return oneLayer(unfinished, called);
    } finally {
      Files.deleteIfExists(unfinished);
    }
  }

  private static ImageReference required(Path source, @Nullable ImageReference name) {
    if (name == null) {
      throw new KataException(
          ErrorCode.IMAGE_NOT_FOUND,
          source + " is a root filesystem, which has no name",
          Details.none().withRemedy("Say what to call it"));
    }
    return name;
  }

  private ImageReader.Parts oneLayer(Path archive, ImageReference name) throws IOException {
    Digest diffId;
    try (InputStream in = new LayerArchive(archive, limits).open()) {
      var hash = Digest.sha256(new byte[0]).newHash();
      InputStream hashing = new java.security.DigestInputStream(in, hash);
      LayerIndex.read(hashing, limits);
      diffId = new Digest("sha256", java.util.HexFormat.of().formatHex(hash.digest()));
    }
    Digest digest;
    try (InputStream in = Files.newInputStream(archive)) {
      var hash = Digest.sha256(new byte[0]).newHash();
      new java.security.DigestInputStream(in, hash)
          .transferTo(java.io.OutputStream.nullOutputStream());
      digest = new Digest("sha256", java.util.HexFormat.of().formatHex(hash.digest()));
    }
    Descriptor layer = new Descriptor(OciDocuments.OCI_LAYER, digest, Files.size(archive));
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
