package io.katajava.image.internal;

import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.ProgressListener;
import io.katajava.base.text.PrintableText;
import io.katajava.image.Digest;
import io.katajava.image.ImageLimits;
import io.katajava.image.ImageReference;
import io.katajava.image.Platform;
import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Takes images from files and directories. What kind of file it is shows from its content, once all
 * of its names are known.
 */
final class ImageImport {
  /** Docker's older archives, crane's, and newer ones, call files by what is in them. */
  private static final Pattern NAMED_BY_DIGEST =
      Pattern.compile("(?:blobs/sha256/|sha256:)?([0-9a-f]{64})(?:\\.json)?");

  private final StoreDirectory store;
  private final ImageLimits limits;
  private final ProgressListener progress;
  private final Deadline deadline;

  ImageImport(
      StoreDirectory store, ImageLimits limits, ProgressListener progress, Deadline deadline) {
    this.store = store;
    this.limits = limits;
    this.progress = progress;
    this.deadline = deadline;
  }

  /** The images of a source, all of their content in the store; they have no names there yet. */
  List<ImageReader.Parts> from(Path source, @Nullable ImageReference name) throws IOException {
    if (!Files.exists(source)) {
      throw new NoSuchFileException(source.toString());
    }
    return Files.isDirectory(source) ? fromDirectory(source, name) : fromFile(source, name);
  }

  private List<ImageReader.Parts> fromDirectory(Path source, @Nullable ImageReference name)
      throws IOException {
    ImportBundle bundle = new ImportBundle.OfDirectory(source);
    ImportForm form = ImportForm.of(bundle);
    ImportProgress told = new ImportProgress(progress, source, 0);
    try {
      if (form.layout() != null || form.docker() != null) {
        return images(bundle, form, source, name, told);
      }
      told.form("root filesystem");
      return List.of(fromTree(source, name));
    } finally {
      told.ended();
    }
  }

  private List<ImageReader.Parts> fromFile(Path source, @Nullable ImageReference name)
      throws IOException {
    ImportProgress told = new ImportProgress(progress, source, Files.size(source));
    try {
      ArchiveTable table;
      try (InputStream in = archive(source, told)) {
        table = ArchiveTable.read(in);
      }
      ImportForm form = ImportForm.of(table);
      if (form.layout() == null && form.docker() == null) {
        told.form("root filesystem");
        return List.of(fromArchive(source, name));
      }
      Set<String> wanted = new HashSet<>();
      if (form.docker() != null) {
        for (String file : form.docker().files()) {
          wanted.add(
              table.file(
                  new String(file.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1)));
        }
      }
      try (InputStream in = archive(source, told);
          ArchiveBundle bundle =
              ArchiveBundle.unpack(
                  in, table, store, file -> wanted.contains(file) || file.startsWith("blobs/"))) {
        return images(bundle, form, source, name, told);
      }
    } finally {
      told.ended();
    }
  }

  private InputStream archive(Path source, ImportProgress told) throws IOException {
    return new LayerArchive(source, limits, deadline).openAll(told::counting);
  }

  /** Newer archives of docker are layouts, too, but some of those are not to be relied on. */
  private List<ImageReader.Parts> images(
      ImportBundle bundle,
      ImportForm form,
      Path source,
      @Nullable ImageReference name,
      ImportProgress told)
      throws IOException {
    DockerArchive docker = form.docker();
    if (form.layout() != null && (docker == null || isWhole(bundle, form.manifests()))) {
      return fromLayout(bundle, form.manifests(), source, name, told);
    }
    return fromDocker(
        bundle, java.util.Objects.requireNonNull(docker, "one of the two"), source, name, told);
  }

  /** docker 25.0.0 wrote manifests without layers, and indexes without manifests. */
  private static boolean isWhole(ImportBundle bundle, List<Descriptor> manifests)
      throws IOException {
    for (Descriptor each : manifests) {
      if (!OciDocuments.isIndex(each.mediaType())
          && OciDocuments.artifactType(parsed(bundle, each)).isEmpty()
          && parsed(bundle, each).path("layers").isEmpty()) {
        return false;
      }
    }
    return !manifests.isEmpty();
  }

  private static ForeignJson parsed(ImportBundle bundle, Descriptor manifest) throws IOException {
    return OciDocuments.parse(verified(bundle, manifest), "manifest " + manifest.digest());
  }

  private List<ImageReader.Parts> fromLayout(
      ImportBundle bundle,
      List<Descriptor> all,
      Path source,
      @Nullable ImageReference name,
      ImportProgress told)
      throws IOException {
    ImageReader.Documents documents = descriptor -> verified(bundle, descriptor);
    Map<ImageReference, Descriptor> wanted = new LinkedHashMap<>();
    for (Descriptor each : all) {
      Optional<ImageReference> own = nameIn(each);
      if (name == null && own.isEmpty() && isArtifact(documents, each)) {
        continue;
      }
      if (name == null) {
        wanted.put(own.orElseThrow(() -> nameless(source, each.annotations().toString())), each);
      } else if (own.filter(name::equals).isPresent()) {
        wanted.put(name, each);
      }
    }
    if (name != null && wanted.isEmpty()) {
      // One image may have several names, and others may stand beside it for other platforms.
      Descriptor manifest =
          new ImageReader.Search(documents, Platform.host(), deadline)
              .choose(theOne(documents, all, source, name))
              .orElseThrow(() -> absent(source, name.toString()));
      wanted.put(name, manifest);
    }
    List<ImageReader.Parts> images = new ArrayList<>();
    for (Map.Entry<ImageReference, Descriptor> each : wanted.entrySet()) {
      Descriptor manifest =
          new ImageReader.Search(documents, Platform.host(), deadline)
              .choose(List.of(each.getValue()))
              .orElseThrow(() -> absent(source, each.getKey().toString()));
      images.add(ImageReader.read(documents, manifest, each.getKey(), limits));
    }
    if (images.isEmpty()) {
      throw absent(source, String.valueOf(name));
    }
    told.form("OCI layout, " + counted(images));
    for (ImageReader.Parts each : images) {
      take(bundle, documents, each);
    }
    return images;
  }

  private boolean isArtifact(ImageReader.Documents documents, Descriptor each) throws IOException {
    return !OciDocuments.isIndex(each.mediaType())
        && OciDocuments.artifactType(
                OciDocuments.parse(documents.read(each), "manifest " + each.digest()))
            .isPresent();
  }

  /** What a name of the caller's can mean when no image has it: all must be one image. */
  private List<Descriptor> theOne(
      ImageReader.Documents documents, List<Descriptor> all, Path source, ImageReference name)
      throws IOException {
    Map<Digest, Descriptor> different = new LinkedHashMap<>();
    Set<String> names = new LinkedHashSet<>();
    for (Descriptor each : all) {
      if (all.size() == 1 || !isArtifact(documents, each)) {
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
      throw several(source, name, different.size(), names);
    }
    return List.copyOf(different.values());
  }

  private static String counted(List<ImageReader.Parts> images) {
    long different = images.stream().map(each -> each.manifest().digest()).distinct().count();
    long layers =
        images.stream()
            .flatMap(each -> each.layers().stream())
            .map(Descriptor::digest)
            .distinct()
            .count();
    return counted(different, layers);
  }

  private static String counted(long images, long layers) {
    return (images == 1 ? "" : images + " images, ")
        + layers
        + (layers == 1 ? " layer" : " layers");
  }

  private static KataException nameless(Path source, String notes) {
    return new KataException(
        ErrorCode.IMAGE_NOT_FOUND,
        "an image of "
            + source
            + " cannot be imported without a name: "
            + PrintableText.line(notes, 500),
        Details.none().withRemedy("Give the image a name (--name on the command line)"));
  }

  private static KataException several(
      Path source, ImageReference name, int count, Set<String> names) {
    return new KataException(
        ErrorCode.IMAGE_NOT_FOUND,
        source
            + " has "
            + count
            + " images, none of them called "
            + name.familiar()
            + (names.isEmpty() ? "" : ": " + String.join(", ", names)),
        Details.none().withRemedy("Choose one by its name, or import all of them without a name"));
  }

  private static KataException absent(Path source, String name) {
    return new KataException(
        ErrorCode.IMAGE_NOT_FOUND,
        source + " has no image " + name + " for " + Platform.host(),
        Details.none().withRemedy("Compare with the names and platforms in its index.json"));
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

  private void take(ImportBundle bundle, ImageReader.Documents documents, ImageReader.Parts parts)
      throws IOException {
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
    store.add(parts.config(), new ByteArrayInputStream(documents.read(parts.config())));
    store.add(parts.manifest(), new ByteArrayInputStream(documents.read(parts.manifest())));
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
        throw new InvalidLayerException("it has a document of more than 4 MiB");
      }
      return content;
    }
  }

  /** {@code manifest.json} names a configuration and layers, which are compressed or not. */
  private List<ImageReader.Parts> fromDocker(
      ImportBundle bundle,
      DockerArchive archive,
      Path source,
      @Nullable ImageReference name,
      ImportProgress told)
      throws IOException {
    told.form("docker archive, " + counted(archive.images().size(), archive.layers()));
    Set<String> configs = new HashSet<>();
    Set<String> known = new LinkedHashSet<>();
    for (DockerArchive.Saved each : archive.images()) {
      configs.add(each.config());
      each.names().forEach(own -> known.add(own.familiar()));
    }
    Map<String, Descriptor> adopted = new HashMap<>();
    List<ImageReader.Parts> images = new ArrayList<>();
    for (DockerArchive.Saved each : archive.images()) {
      List<ImageReference> names = each.names();
      if (name != null) {
        if (!names.contains(name) && configs.size() > 1) {
          continue;
        }
        names = List.of(name);
      }
      if (names.isEmpty()) {
        throw nameless(source, "its manifest.json has no RepoTags");
      }
      if (each.layers().size() > limits.layers()) {
        throw new InvalidLayerException(
            "it has " + each.layers().size() + " layers; the limit is " + limits.layers());
      }
      List<Descriptor> layers = new ArrayList<>();
      for (String layer : each.layers()) {
        layers.add(adopt(bundle, layer, adopted));
      }
      Descriptor config = adopt(bundle, each.config(), adopted);
      Descriptor manifest =
          store.add(
              OciDocuments.write(
                  OciDocuments.manifestOf(
                      new Descriptor(OciDocuments.OCI_CONFIG, config.digest(), config.size()),
                      layers)),
              OciDocuments.OCI_MANIFEST);
      for (ImageReference one : names) {
        images.add(ImageReader.read(store::read, manifest, one, limits));
      }
      if (name != null) {
        break;
      }
    }
    if (images.isEmpty() && name != null) {
      throw several(source, name, configs.size(), known);
    }
    return images;
  }

  /** A file of a bundle into the store; its type is that of a layer. */
  private Descriptor adopt(ImportBundle bundle, String name, Map<String, Descriptor> adopted)
      throws IOException {
    Descriptor known = adopted.get(name);
    if (known != null) {
      return known;
    }
    Digest digest;
    long size = 0;
    byte[] magic;
    try (InputStream in = required(bundle, name)) {
      var hash = Digest.sha256(new byte[0]).newHash();
      magic = in.readNBytes(6);
      hash.update(magic);
      size = magic.length;
      byte[] buffer = new byte[1 << 16];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        LateException.check(deadline, "reading " + name);
        hash.update(buffer, 0, n);
        size += n;
      }
      digest = new Digest("sha256", HexFormat.of().formatHex(hash.digest()));
    }
    Matcher promised = NAMED_BY_DIGEST.matcher(name);
    if (promised.matches() && !promised.group(1).equals(digest.hex())) {
      throw new InvalidLayerException(
          "file " + PrintableText.line(name, 300) + " has the digest " + digest);
    }
    String type =
        Compression.of(magic)
            .map(each -> OciDocuments.OCI_LAYER + "+" + each)
            .orElse(OciDocuments.OCI_LAYER);
    Descriptor descriptor = new Descriptor(type, digest, size);
    try (InputStream in = required(bundle, name)) {
      store.add(descriptor, in, deadline);
    }
    adopted.put(name, descriptor);
    return descriptor;
  }

  private static InputStream required(ImportBundle bundle, String name) throws IOException {
    InputStream in = bundle.open(name);
    if (in == null) {
      throw new InvalidLayerException(
          "file " + PrintableText.line(name, 300) + ", which its manifest.json names, is missing");
    }
    return in;
  }

  /** A root filesystem in one archive becomes an image of one layer. */
  private ImageReader.Parts fromArchive(Path source, @Nullable ImageReference name)
      throws IOException {
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

  private ImageReader.Parts fromTree(Path source, @Nullable ImageReference name)
      throws IOException {
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
      InputStream hashing = new java.security.DigestInputStream(in, hash);
      LayerIndex.read(hashing, limits);
      diffId = new Digest("sha256", HexFormat.of().formatHex(hash.digest()));
    }
    Digest digest;
    try (InputStream in = Files.newInputStream(archive)) {
      var hash = Digest.sha256(new byte[0]).newHash();
      new java.security.DigestInputStream(in, hash)
          .transferTo(java.io.OutputStream.nullOutputStream());
      digest = new Digest("sha256", HexFormat.of().formatHex(hash.digest()));
    }
    byte[] magic;
    try (InputStream in = Files.newInputStream(archive)) {
      magic = in.readNBytes(6);
    }
    String type =
        Compression.of(magic)
            .map(each -> OciDocuments.OCI_LAYER + "+" + each)
            .orElse(OciDocuments.OCI_LAYER);
    Descriptor layer = new Descriptor(type, digest, Files.size(archive));
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
