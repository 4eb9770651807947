package io.katajava.image.internal;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a file or directory is, told from its content.
 *
 * @param layout the index of an OCI layout, when it is one
 * @param docker what is in an archive of {@code docker save}, when it is one
 */
record ImportForm(@Nullable ForeignJson layout, @Nullable DockerArchive docker) {
  static final String LAYOUT = "oci-layout";
  static final String INDEX = "index.json";
  static final String MANIFEST = "manifest.json";

  static ImportForm of(ImportBundle bundle) throws IOException {
    ForeignJson manifest = document(bundle, MANIFEST);
    if (manifest != null
        && manifest.isObject()
        && manifest.path("layers").isArray()
        && isThere(bundle, "version")) {
      throw new InvalidLayerException(
          "it is a directory of skopeo's form 'dir:', which is not supported; copy it to 'oci:'");
    }
    DockerArchive docker = manifest == null ? null : DockerArchive.parse(manifest).orElse(null);
    ForeignJson index = document(bundle, INDEX);
    boolean isLayout =
        index != null && index.has("manifests") && (isThere(bundle, LAYOUT) || bundle.hasBlobs());
    return new ImportForm(isLayout ? index : null, docker);
  }

  private static boolean isThere(ImportBundle bundle, String name) throws IOException {
    try (InputStream in = bundle.open(name)) {
      return in != null;
    }
  }

  private static @Nullable ForeignJson document(ImportBundle bundle, String name)
      throws IOException {
    InputStream in = bundle.open(name);
    if (in == null) {
      return null;
    }
    try (in) {
      return OciDocuments.tree(in.readNBytes(OciDocuments.MAXIMUM_DOCUMENT));
    }
  }

  /** What a layout has; docker 25.0.0 wrote {@code null}. */
  List<Descriptor> manifests() throws IOException {
    return layout == null ? List.of() : OciDocuments.index(layout);
  }
}
