package io.katajava.image.internal;

import io.katajava.base.text.PrintableText;
import io.katajava.image.Digest;
import io.katajava.image.Platform;
import io.katajava.json.JsonException;
import io.katajava.json.JsonObject;
import io.katajava.json.JsonValue;
import io.katajava.spi.ImageConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The JSON documents of images: OCI image specification 1.1, and Docker's, which are alike. */
public final class OciDocuments {
  /** No manifest or index is larger, no registry has to take larger ones. */
  public static final int MAXIMUM_DOCUMENT = 4 << 20;

  static final String OCI_INDEX = "application/vnd.oci.image.index.v1+json";
  static final String OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
  static final String OCI_CONFIG = "application/vnd.oci.image.config.v1+json";
  static final String OCI_LAYER = "application/vnd.oci.image.layer.v1.tar";
  static final String DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json";
  static final String DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";

  /** What a registry is asked for. */
  public static final List<String> MANIFEST_TYPES =
      List.of(OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST);

  private static final Set<String> CONFIG_TYPES =
      Set.of(
          OCI_CONFIG,
          "application/vnd.docker.container.image.v1+json",
          // What clients wrote before there were names for it.
          "application/octet-stream",
          "application/json",
          "text/plain",
          "");

  private static final String EMPTY = "application/vnd.oci.empty.v1+json";

  private OciDocuments() {}

  /**
   * An image manifest.
   *
   * @param config the configuration
   * @param layers the layers, the lowest first
   */
  record Manifest(Descriptor config, List<Descriptor> layers) {}

  /**
   * An image configuration.
   *
   * @param platform what it runs on
   * @param created when it was made, as written there
   * @param config what it says about containers
   * @param diffIds digests of the uncompressed layers
   */
  record ConfigFile(
      Platform platform, Optional<String> created, ImageConfig config, List<Digest> diffIds) {}

  static ForeignJson parse(byte[] content, String what) throws IOException {
    try {
      ForeignJson document = new ForeignJson(JsonValue.parse(content, 0, content.length));
      if (!document.isObject()) {
        throw new IOException(what + " is not a JSON object");
      }
      return document;
    } catch (JsonException e) {
      throw new IOException(
          what + " is not JSON: " + PrintableText.line(String.valueOf(e.getMessage()), 300), e);
    }
  }

  /** Any JSON, or null when it is none. */
  static @Nullable ForeignJson tree(byte[] content) {
    try {
      return new ForeignJson(JsonValue.parse(content, 0, content.length));
    } catch (JsonException e) {
      return null;
    }
  }

  static byte[] write(JsonObject document) {
    return document.toJson().getBytes(StandardCharsets.UTF_8);
  }

  /**
   * The media type of a layer.
   *
   * @param magic the first bytes of its archive, which tell how that is compressed
   */
  static String layerType(byte[] magic) {
    return Compression.of(magic).map(each -> OCI_LAYER + "+" + each).orElse(OCI_LAYER);
  }

  static boolean isIndex(String mediaType) {
    return mediaType.equals(OCI_INDEX) || mediaType.equals(DOCKER_LIST);
  }

  /** The media type a document gives itself, or what its members make of it. */
  static String mediaType(ForeignJson document) {
    String own = document.path("mediaType").text("");
    if (!own.isEmpty()) {
      return own;
    }
    return document.has("manifests") ? OCI_INDEX : OCI_MANIFEST;
  }

  static List<Descriptor> index(ForeignJson document) throws IOException {
    List<Descriptor> manifests = new ArrayList<>();
    for (ForeignJson each : document.path("manifests")) {
      manifests.add(descriptor(each));
    }
    return manifests;
  }

  static Manifest manifest(ForeignJson document) throws IOException {
    if (document.path("schemaVersion").number(2) != 2 || !document.has("config")) {
      throw new IOException("the manifest is not of schema version 2");
    }
    List<Descriptor> layers = new ArrayList<>();
    for (ForeignJson each : document.path("layers")) {
      layers.add(descriptor(each));
    }
    return new Manifest(descriptor(document.path("config")), layers);
  }

  /** What a manifest is of, when that is no image: a software bill, a chart, a signature. */
  static Optional<String> artifactType(ForeignJson manifest) {
    String config = manifest.path("config").path("mediaType").text("");
    String declared = manifest.path("artifactType").text("");
    boolean deprecated =
        mediaType(manifest).equals("application/vnd.oci.artifact.manifest.v1+json");
    if (declared.isEmpty() && !deprecated && CONFIG_TYPES.contains(config)) {
      return Optional.empty();
    }
    if (!declared.isEmpty() && config.equals(OCI_CONFIG)) {
      // An image that says what else it is.
      return Optional.empty();
    }
    if (!declared.isEmpty() || (!config.equals(EMPTY) && !config.isEmpty())) {
      return Optional.of(declared.isEmpty() ? config : declared);
    }
    String first = manifest.path("layers").path(0).path("mediaType").text("");
    return Optional.of(first.isEmpty() ? mediaType(manifest) : first);
  }

  static Descriptor descriptor(ForeignJson node) throws IOException {
    long size = node.path("size").number(-1);
    if (size < 0) {
      throw new IOException("a descriptor has no size");
    }
    return new Descriptor(
        node.path("mediaType").text(""),
        digest(node.path("digest").text("")),
        size,
        node.path("annotations").texts(),
        platform(node.path("platform")));
  }

  static Digest digest(String text) throws IOException {
    try {
      return Digest.parse(text);
    } catch (IllegalArgumentException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private static Optional<Platform> platform(ForeignJson node) {
    try {
      return node.has("architecture")
          ? Optional.of(
              new Platform(
                  node.path("os").text("linux"),
                  node.path("architecture").text(),
                  text(node.path("variant"))))
          : Optional.empty();
    } catch (IllegalArgumentException e) {
      // "unknown/unknown" is a platform; what is malformed says nothing, and its content is asked.
      return Optional.empty();
    }
  }

  static JsonObject json(Descriptor descriptor) {
    JsonObject.Builder node =
        JsonObject.builder()
            .put("mediaType", descriptor.mediaType())
            .put("digest", descriptor.digest().toString())
            .put("size", descriptor.size());
    descriptor.platform().ifPresent(platform -> node.put("platform", json(platform).build()));
    if (!descriptor.annotations().isEmpty()) {
      JsonObject.Builder notes = JsonObject.builder();
      descriptor.annotations().entrySet().stream()
          .sorted(Map.Entry.comparingByKey())
          .forEach(note -> notes.put(note.getKey(), note.getValue()));
      node.put("annotations", notes.build());
    }
    return node.build();
  }

  private static JsonObject.Builder json(Platform platform) {
    return JsonObject.builder()
        .put("architecture", platform.architecture())
        .put("os", platform.os())
        .put("variant", platform.variant().orElse(null));
  }

  static JsonObject indexOf(List<Descriptor> manifests) {
    return JsonObject.builder()
        .put("schemaVersion", 2)
        .put("mediaType", OCI_INDEX)
        .put("manifests", manifests.stream().map(OciDocuments::json).toList())
        .build();
  }

  static JsonObject manifestOf(Descriptor config, List<Descriptor> layers) {
    return JsonObject.builder()
        .put("schemaVersion", 2)
        .put("mediaType", OCI_MANIFEST)
        .put("config", json(config))
        .put("layers", layers.stream().map(OciDocuments::json).toList())
        .build();
  }

  static JsonObject configOf(Platform platform, List<Digest> diffIds) {
    return json(platform)
        .put("config", JsonObject.EMPTY)
        .put(
            "rootfs",
            JsonObject.builder()
                .put("type", "layers")
                .put("diff_ids", diffIds.stream().map(Digest::toString).toList())
                .build())
        .build();
  }

  static ConfigFile config(ForeignJson document) throws IOException {
    List<Digest> diffIds = new ArrayList<>();
    for (ForeignJson each : document.path("rootfs").path("diff_ids")) {
      diffIds.add(digest(each.text()));
    }
    ForeignJson config = document.path("config");
    Map<String, String> env = new LinkedHashMap<>();
    for (String variable : list(config.path("Env"))) {
      int equals = variable.indexOf('=');
      if (equals > 0) {
        env.put(variable.substring(0, equals), variable.substring(equals + 1));
      }
    }
    return new ConfigFile(
        platform(document).orElseGet(Platform::host),
        text(document.path("created")),
        new ImageConfig(
            list(config.path("Entrypoint")),
            list(config.path("Cmd")),
            env,
            text(config.path("WorkingDir")).map(OciDocuments::absolute),
            text(config.path("User")).flatMap(OciDocuments::user),
            List.copyOf(config.path("ExposedPorts").texts().keySet()),
            List.copyOf(config.path("Volumes").texts().keySet()),
            text(config.path("StopSignal")),
            config.path("Labels").texts(),
            HealthcheckDocument.read(config)),
        diffIds);
  }

  /** Docker counts a relative working directory from the root. */
  private static String absolute(String directory) {
    return directory.startsWith("/") ? directory : "/" + directory;
  }

  /** A side of the colon that is empty is as if it were not there. */
  private static Optional<String> user(String text) {
    int colon = text.indexOf(':');
    if (colon < 0) {
      return Optional.of(text);
    }
    String user = text.substring(0, colon);
    String group = text.substring(colon + 1);
    if (group.isEmpty()) {
      return user.isEmpty() ? Optional.empty() : Optional.of(user);
    }
    return Optional.of((user.isEmpty() ? "0" : user) + ":" + group);
  }

  private static Optional<String> text(ForeignJson node) {
    return node.isText() && !node.text().isEmpty() ? Optional.of(node.text()) : Optional.empty();
  }

  static List<String> list(ForeignJson node) {
    List<String> list = new ArrayList<>();
    // Docker once wrote a lone string where a list is due.
    if (node.isText()) {
      list.add(node.text());
    }
    for (ForeignJson each : node) {
      list.add(each.text());
    }
    return list;
  }
}
