package io.katajava.image.internal;

import io.katajava.Deadline;
import io.katajava.image.Digest;
import io.katajava.image.ImageLimits;
import io.katajava.image.ImageReference;
import io.katajava.image.Platform;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Takes images from an OCI layout: an index, and blobs that are called by their digests. */
final class LayoutImport {
  private final ImportBundle bundle;
  private final Path source;
  private final StoreDirectory store;
  private final ImageLimits limits;
  private final Deadline deadline;

  /**
   * Prepares; nothing is read yet.
   *
   * @param bundle the layout
   * @param source where it is from, for messages
   */
  LayoutImport(
      ImportBundle bundle,
      Path source,
      StoreDirectory store,
      ImageLimits limits,
      Deadline deadline) {
    this.bundle = bundle;
    this.source = source;
    this.store = store;
    this.limits = limits;
    this.deadline = deadline;
  }

  /**
   * Whether these can be relied on: docker 25.0.0 wrote manifests without layers, and indexes
   * without manifests.
   */
  boolean isWhole(List<Descriptor> manifests) throws IOException {
    for (Descriptor each : manifests) {
      if (!OciDocuments.isIndex(each.mediaType())
          && OciDocuments.artifactType(parsed(each)).isEmpty()
          && parsed(each).path("layers").isEmpty()) {
        return false;
      }
    }
    return !manifests.isEmpty();
  }

  private ForeignJson parsed(Descriptor manifest) throws IOException {
    return OciDocuments.parse(verified(manifest), "manifest " + manifest.digest());
  }

  /** The images that the index names, or the one that is called so; their content is stored. */
  List<ImageReader.Parts> images(
      List<Descriptor> all, @Nullable ImageReference name, ImportProgress told) throws IOException {
    Map<ImageReference, Descriptor> wanted = new LinkedHashMap<>();
    for (Descriptor each : all) {
      Optional<ImageReference> own = nameIn(each);
      if (name == null && own.isEmpty() && isArtifact(each)) {
        continue;
      }
      if (name == null) {
        wanted.put(
            own.orElseThrow(() -> ImportFailure.nameless(source, each.annotations().toString())),
            each);
      } else if (own.filter(name::equals).isPresent()) {
        wanted.put(name, each);
      }
    }
    if (name != null && wanted.isEmpty()) {
      // One image may have several names, and others may stand beside it for other platforms.
      Descriptor manifest =
          new ImageReader.Search(this::verified, Platform.host(), deadline)
              .choose(theOne(all, name))
              .orElseThrow(() -> ImportFailure.absent(source, name.toString()));
      wanted.put(name, manifest);
    }
    List<ImageReader.Parts> images = new ArrayList<>();
    for (Map.Entry<ImageReference, Descriptor> each : wanted.entrySet()) {
      Descriptor manifest =
          new ImageReader.Search(this::verified, Platform.host(), deadline)
              .choose(List.of(each.getValue()))
              .orElseThrow(() -> ImportFailure.absent(source, each.getKey().toString()));
      images.add(ImageReader.read(this::verified, manifest, each.getKey(), limits));
    }
    if (images.isEmpty()) {
      throw ImportFailure.absent(source, String.valueOf(name));
    }
    told.form(
        "OCI layout",
        counted(images, each -> Stream.of(each.manifest())),
        counted(images, each -> each.layers().stream()));
    for (ImageReader.Parts each : images) {
      take(each);
    }
    return images;
  }

  private static long counted(
      List<ImageReader.Parts> images, Function<ImageReader.Parts, Stream<Descriptor>> blobs) {
    return images.stream().flatMap(blobs).map(Descriptor::digest).distinct().count();
  }

  private boolean isArtifact(Descriptor each) throws IOException {
    return !OciDocuments.isIndex(each.mediaType())
        && OciDocuments.artifactType(parsed(each)).isPresent();
  }

  /** What a name of the caller's can mean when no image has it: all must be one image. */
  private List<Descriptor> theOne(List<Descriptor> all, ImageReference name) throws IOException {
    Map<Digest, Descriptor> different = new LinkedHashMap<>();
    Set<String> names = new LinkedHashSet<>();
    for (Descriptor each : all) {
      if (all.size() == 1 || !isArtifact(each)) {
        different.putIfAbsent(each.digest(), each);
        nameIn(each).ifPresent(own -> names.add(own.familiar()));
      }
    }
    boolean onePerPlatform =
        names.isEmpty()
            && different.values().stream().allMatch(each -> each.platform().isPresent())
            && different.values().stream().map(Descriptor::platform).distinct().count()
                == different.size();
    if (different.size() > 1 && !onePerPlatform) {
      throw ImportFailure.several(source, name, different.size(), names);
    }
    return List.copyOf(different.values());
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

  private void take(ImageReader.Parts parts) throws IOException {
    for (Descriptor layer : parts.layers()) {
      if (!store.has(layer)) {
        InputStream in = bundle.open(blobName(layer));
        if (in == null) {
          throw new InvalidLayerException("blob " + layer.digest() + " is missing");
        }
        try (in) {
          store.add(layer, in, deadline);
        }
      }
    }
    store.add(parts.config(), new ByteArrayInputStream(verified(parts.config())));
    store.add(parts.manifest(), new ByteArrayInputStream(verified(parts.manifest())));
  }

  private static String blobName(Descriptor descriptor) {
    return "blobs/" + descriptor.digest().algorithm() + "/" + descriptor.digest().hex();
  }

  private byte[] verified(Descriptor descriptor) throws IOException {
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
        throw new InvalidLayerException("it has a document of more than 4 MiB");
      }
      return content;
    }
  }
}
