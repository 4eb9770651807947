package io.katajava.image.internal;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.katajava.base.text.PrintableText;
import io.katajava.image.Digest;
import io.katajava.image.Platform;
import io.katajava.spi.ImageConfig;
import java.io.IOException;
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

  private static final ObjectMapper MAPPER = new ObjectMapper();

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

  static JsonNode parse(byte[] content, String what) throws IOException {
    try {
      JsonNode node = MAPPER.readTree(content);
      if (node == null || !node.isObject()) {
        throw new IOException(what + " is no JSON object");
      }
      return node;
    } catch (JsonProcessingException e) {
      throw new IOException(
          what + " is no JSON: " + PrintableText.line(e.getOriginalMessage(), 300), e);
    }
  }

  /** Any JSON, or null when it is none. */
  static @Nullable JsonNode tree(byte[] content) throws IOException {
    try {
      return MAPPER.readTree(content);
    } catch (JsonProcessingException e) {
      return null;
    }
  }

  static byte[] write(JsonNode node) {
    try {
      return MAPPER.writeValueAsBytes(node);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of JSON can be written", e);
    }
  }

  static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  static boolean isIndex(String mediaType) {
    return mediaType.equals(OCI_INDEX) || mediaType.equals(DOCKER_LIST);
  }

  /** The media type a document gives itself, or what its members make of it. */
  static String mediaType(JsonNode document) {
    String own = document.path("mediaType").asText("");
    if (!own.isEmpty()) {
      return own;
    }
    return document.has("manifests") ? OCI_INDEX : OCI_MANIFEST;
  }

  static List<Descriptor> index(JsonNode document) throws IOException {
    List<Descriptor> manifests = new ArrayList<>();
    for (JsonNode each : document.path("manifests")) {
      manifests.add(descriptor(each));
    }
    return manifests;
  }

  static Manifest manifest(JsonNode document) throws IOException {
    if (document.path("schemaVersion").asInt(2) != 2 || !document.has("config")) {
      throw new IOException("the manifest is not of schema version 2");
    }
    List<Descriptor> layers = new ArrayList<>();
    for (JsonNode each : document.path("layers")) {
      layers.add(descriptor(each));
    }
    return new Manifest(descriptor(document.path("config")), layers);
  }

  /** What a manifest is of, when that is no image: a software bill, a chart, a signature. */
  static Optional<String> artifactType(JsonNode manifest) {
    String config = manifest.path("config").path("mediaType").asText("");
    String declared = manifest.path("artifactType").asText("");
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
    String first = manifest.path("layers").path(0).path("mediaType").asText("");
    return Optional.of(first.isEmpty() ? mediaType(manifest) : first);
  }

  static Descriptor descriptor(JsonNode node) throws IOException {
    long size = node.path("size").asLong(-1);
    if (size < 0) {
      throw new IOException("a descriptor without a size");
    }
    return new Descriptor(
        node.path("mediaType").asText(""),
        digest(node.path("digest").asText("")),
        size,
        texts(node.path("annotations")),
        platform(node.path("platform")));
  }

  static Digest digest(String text) throws IOException {
    try {
      return Digest.parse(text);
    } catch (IllegalArgumentException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private static Optional<Platform> platform(JsonNode node) {
    try {
      return node.has("architecture")
          ? Optional.of(
              new Platform(
                  node.path("os").asText("linux"),
                  node.path("architecture").asText(),
                  text(node.path("variant"))))
          : Optional.empty();
    } catch (IllegalArgumentException e) {
      // "unknown/unknown" is a platform; what is malformed says nothing, and its content is asked.
      return Optional.empty();
    }
  }

  static ObjectNode json(Descriptor descriptor) {
    ObjectNode node = object();
    node.put("mediaType", descriptor.mediaType());
    node.put("digest", descriptor.digest().toString());
    node.put("size", descriptor.size());
    descriptor.platform().ifPresent(platform -> node.set("platform", json(platform)));
    if (!descriptor.annotations().isEmpty()) {
      ObjectNode notes = node.putObject("annotations");
      descriptor.annotations().entrySet().stream()
          .sorted(Map.Entry.comparingByKey())
          .forEach(note -> notes.put(note.getKey(), note.getValue()));
    }
    return node;
  }

  private static ObjectNode json(Platform platform) {
    ObjectNode node = object();
    node.put("architecture", platform.architecture());
    node.put("os", platform.os());
    platform.variant().ifPresent(variant -> node.put("variant", variant));
    return node;
  }

  static ObjectNode indexOf(List<Descriptor> manifests) {
    ObjectNode index = object();
    index.put("schemaVersion", 2);
    index.put("mediaType", OCI_INDEX);
    ArrayNode list = index.putArray("manifests");
    manifests.forEach(each -> list.add(json(each)));
    return index;
  }

  static ObjectNode manifestOf(Descriptor config, List<Descriptor> layers) {
    ObjectNode manifest = object();
    manifest.put("schemaVersion", 2);
    manifest.put("mediaType", OCI_MANIFEST);
    manifest.set("config", json(config));
    ArrayNode list = manifest.putArray("layers");
    layers.forEach(each -> list.add(json(each)));
    return manifest;
  }

  static ObjectNode configOf(Platform platform, List<Digest> diffIds) {
    ObjectNode config = json(platform);
    config.putObject("config");
    ObjectNode rootfs = config.putObject("rootfs");
    rootfs.put("type", "layers");
    ArrayNode list = rootfs.putArray("diff_ids");
    diffIds.forEach(each -> list.add(each.toString()));
    return config;
  }

  static ConfigFile config(JsonNode document) throws IOException {
    List<Digest> diffIds = new ArrayList<>();
    for (JsonNode each : document.path("rootfs").path("diff_ids")) {
      diffIds.add(digest(each.asText()));
    }
    JsonNode config = document.path("config");
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
            names(config.path("ExposedPorts")),
            names(config.path("Volumes")),
            text(config.path("StopSignal")),
            texts(config.path("Labels")),
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

  private static Optional<String> text(JsonNode node) {
    return node.isTextual() && !node.asText().isEmpty()
        ? Optional.of(node.asText())
        : Optional.empty();
  }

  static List<String> list(JsonNode node) {
    List<String> list = new ArrayList<>();
    // Docker once wrote a lone string where a list is due.
    if (node.isTextual()) {
      list.add(node.asText());
    }
    for (JsonNode each : node) {
      list.add(each.asText());
    }
    return list;
  }

  private static List<String> names(JsonNode node) {
    List<String> names = new ArrayList<>();
    node.fieldNames().forEachRemaining(names::add);
    return names;
  }

  static Map<String, String> texts(JsonNode node) {
    Map<String, String> texts = new LinkedHashMap<>();
    node.properties().forEach(each -> texts.put(each.getKey(), each.getValue().asText()));
    return texts;
  }
}
