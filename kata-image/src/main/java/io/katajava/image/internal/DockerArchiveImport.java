package io.katajava.image.internal;

import io.katajava.Deadline;
import io.katajava.base.text.PrintableText;
import io.katajava.image.Digest;
import io.katajava.image.ImageLimits;
import io.katajava.image.ImageReference;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Takes images from an archive of {@code docker save}, whose {@code manifest.json} names a
 * configuration and layers for each, compressed or not.
 */
final class DockerArchiveImport {
  /** Docker's older archives, crane's, and newer ones, call files by what is in them. */
  private static final Pattern NAMED_BY_DIGEST =
      Pattern.compile("(?:blobs/sha256/|sha256:)?([0-9a-f]{64})(?:\\.json)?");

  private final ImportBundle bundle;
  private final DockerArchive archive;
  private final Path source;
  private final StoreDirectory store;
  private final ImageLimits limits;
  private final Deadline deadline;
  private final Map<String, Descriptor> adopted = new HashMap<>();

  /**
   * Prepares; nothing is read yet.
   *
   * @param bundle the files of the archive
   * @param archive what is in it
   * @param source where it is from, for messages
   */
  DockerArchiveImport(
      ImportBundle bundle,
      DockerArchive archive,
      Path source,
      StoreDirectory store,
      ImageLimits limits,
      Deadline deadline) {
    this.bundle = bundle;
    this.archive = archive;
    this.source = source;
    this.store = store;
    this.limits = limits;
    this.deadline = deadline;
  }

  /** Its images, or the one that is called so; their content is stored. */
  List<ImageReader.Parts> images(@Nullable ImageReference name, ImportProgress told)
      throws IOException {
    told.form("docker archive", archive.images().size(), archive.layers());
    Set<String> configs = new HashSet<>();
    Set<String> known = new LinkedHashSet<>();
    for (DockerArchive.Saved each : archive.images()) {
      configs.add(each.config());
      each.names().forEach(own -> known.add(own.familiar()));
    }
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
        throw ImportFailure.nameless(source, "its manifest.json has no RepoTags");
      }
      if (each.layers().size() > limits.layers()) {
        throw new InvalidLayerException(
            "it has " + each.layers().size() + " layers; the limit is " + limits.layers());
      }
      List<Descriptor> layers = new ArrayList<>();
      for (String layer : each.layers()) {
        layers.add(adopt(layer));
      }
      Descriptor config = adopt(each.config());
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
      throw ImportFailure.several(source, name, configs.size(), known);
    }
    return images;
  }

  /** A file of a bundle into the store; its type is that of a layer. */
  private Descriptor adopt(String name) throws IOException {
    Descriptor known = adopted.get(name);
    if (known != null) {
      return known;
    }
    Digest digest;
    long size = 0;
    byte[] magic;
    try (InputStream in = required(name)) {
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
    Descriptor descriptor = new Descriptor(OciDocuments.layerType(magic), digest, size);
    try (InputStream in = required(name)) {
      store.add(descriptor, in, deadline);
    }
    adopted.put(name, descriptor);
    return descriptor;
  }

  private InputStream required(String name) throws IOException {
    InputStream in = bundle.open(name);
    if (in == null) {
      throw new InvalidLayerException(
          "file " + PrintableText.line(name, 300) + ", which its manifest.json names, is missing");
    }
    return in;
  }
}
