package io.katajava.image.internal;

import io.katajava.base.text.PrintableText;
import io.katajava.image.ImageReference;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What {@code manifest.json} of an archive of {@code docker save} says, which podman, skopeo, crane
 * and jib write, too.
 *
 * @param images in their order
 */
record DockerArchive(List<Saved> images) {

  /**
   * An image of the archive.
   *
   * @param config name of the file with its configuration
   * @param layers names of the files with its layers, the lowest first
   * @param names what it is called
   */
  record Saved(String config, List<String> layers, List<ImageReference> names) {}

  /** Empty when the document is of another kind: some program's own {@code manifest.json}. */
  static Optional<DockerArchive> parse(ForeignJson document) throws IOException {
    if (!document.path(0).isObject()) {
      return Optional.empty();
    }
    List<Saved> images = new ArrayList<>();
    for (ForeignJson each : document) {
      if (!each.path("Config").isText() || !each.path("Layers").isArray()) {
        return Optional.empty();
      }
      List<ImageReference> names = new ArrayList<>();
      for (String tag : OciDocuments.list(each.path("RepoTags"))) {
        try {
          names.add(ImageReference.parse(tag));
        } catch (IllegalArgumentException e) {
          throw new InvalidLayerException(
              "its manifest.json names an image '"
                  + PrintableText.line(tag, 300)
                  + "': "
                  + e.getMessage());
        }
      }
      images.add(
          new Saved(each.path("Config").text(), OciDocuments.list(each.path("Layers")), names));
    }
    return Optional.of(new DockerArchive(images));
  }

  /** All files that it needs. */
  Set<String> files() {
    Set<String> files = new LinkedHashSet<>();
    for (Saved image : images) {
      files.add(image.config());
      files.addAll(image.layers());
    }
    return files;
  }

  /** How many layers there are, each counted once. */
  int layers() {
    return (int) images.stream().flatMap(image -> image.layers().stream()).distinct().count();
  }
}
