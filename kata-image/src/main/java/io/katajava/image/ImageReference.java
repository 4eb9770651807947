package io.katajava.image;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The full name of an image. What people leave out is filled in as Docker does: {@code busybox} is
 * {@code docker.io/library/busybox:latest}.
 *
 * @param registry host, with a port if there is one, of the registry; {@code docker.io} for
 *     Docker's own
 * @param repository the name in the registry, for example {@code library/busybox}
 * @param tag the tag; absent only when there is a digest
 * @param digest the digest of the manifest or index, which then decides; the tag is only a label
 */
public record ImageReference(
    String registry, String repository, Optional<String> tag, Optional<Digest> digest) {
  /** The registry of names without one. */
  public static final String DEFAULT_REGISTRY = "docker.io";

  /** The tag of names without tag and digest. */
  public static final String DEFAULT_TAG = "latest";

  private static final int MAXIMUM_NAME = 255;
  private static final String OFFICIAL = "library/";
  private static final Pattern COMPONENT =
      Pattern.compile("[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*");
  private static final Pattern TAG = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}");
  private static final Pattern HOST =
      Pattern.compile(
          "(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
              + "(?:\\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\\[[0-9a-fA-F:]+\\])"
              + "(?::[0-9]{1,5})?");
  private static final Pattern IMAGE_ID = Pattern.compile("[0-9a-f]{64}");

  /**
   * Checks all parts.
   *
   * @throws IllegalArgumentException if one is malformed, or tag and digest are both absent
   */
  public ImageReference {
    if (!HOST.matcher(registry).matches()) {
      throw new IllegalArgumentException("'" + registry + "' is not the host of a registry");
    }
    for (String component : repository.split("/", -1)) {
      if (!COMPONENT.matcher(component).matches()) {
        throw new IllegalArgumentException(
            "a repository has lower-case letters, digits and single . _ - between them, got '"
                + repository
                + "'");
      }
    }
    if (registry.length() + 1 + repository.length() > MAXIMUM_NAME) {
      throw new IllegalArgumentException(
          "the name of an image has at most "
              + MAXIMUM_NAME
              + " characters, got "
              + (registry.length() + 1 + repository.length()));
    }
    tag.ifPresent(
        text -> {
          if (!TAG.matcher(text).matches()) {
            throw new IllegalArgumentException(
                "a tag has up to 128 letters, digits, _ . -, got '" + text + "'");
          }
        });
    if (tag.isEmpty() && digest.isEmpty()) {
      throw new IllegalArgumentException("a reference has a tag or a digest, or both");
    }
  }

  /**
   * Reads a name as people write it.
   *
   * @param text for example {@code busybox}, {@code redis:7}, {@code
   *     localhost:5000/team/app@sha256:…}
   * @return the full name
   * @throws IllegalArgumentException if it is malformed
   */
  public static ImageReference parse(String text) {
    try {
      return read(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "'" + text + "' is not an image reference: " + e.getMessage(), e);
    }
  }

  private static ImageReference read(String text) {
    if (text.isEmpty()) {
      throw new IllegalArgumentException("it is empty");
    }
    String name = text;
    Optional<Digest> digest = Optional.empty();
    int at = name.indexOf('@');
    if (at >= 0) {
      digest = Optional.of(Digest.parse(name.substring(at + 1)));
      name = name.substring(0, at);
    }
    Optional<String> tag = Optional.empty();
    int colon = name.lastIndexOf(':');
    // The colon before a slash belongs to the registry's port.
    if (colon > name.lastIndexOf('/')) {
      tag = Optional.of(name.substring(colon + 1));
      name = name.substring(0, colon);
    }
    if (tag.isEmpty() && digest.isEmpty()) {
      tag = Optional.of(DEFAULT_TAG);
    }
    int slash = name.indexOf('/');
    String registry = DEFAULT_REGISTRY;
    String repository = name;
    if (slash >= 0 && isHost(name.substring(0, slash))) {
      registry = name.substring(0, slash);
      repository = name.substring(slash + 1);
    } else if (IMAGE_ID.matcher(name).matches()) {
      throw new IllegalArgumentException("64 hexadecimal digits are an image id, not a name");
    }
    if (registry.equals("index.docker.io")) {
      registry = DEFAULT_REGISTRY;
    }
    if (registry.equals(DEFAULT_REGISTRY) && repository.indexOf('/') < 0) {
      repository = OFFICIAL + repository;
    }
    return new ImageReference(registry, repository, tag, digest);
  }

  /** What Docker takes for a host: the rest is the first part of a repository. */
  private static boolean isHost(String first) {
    return first.indexOf('.') >= 0
        || first.indexOf(':') >= 0
        || first.equals("localhost")
        || first.chars().anyMatch(c -> c >= 'A' && c <= 'Z');
  }

  /**
   * The same name for one manifest.
   *
   * @param digest the manifest's
   * @return a reference with tag and digest
   */
  public ImageReference withDigest(Digest digest) {
    return new ImageReference(registry, repository, tag, Optional.of(digest));
  }

  /**
   * The name as people write it, without what Docker fills in.
   *
   * @return for example {@code busybox:latest}
   */
  public String familiar() {
    String name = registry + "/" + repository;
    if (registry.equals(DEFAULT_REGISTRY)) {
      // What is left must not look as if it began with a host.
      name =
          repository.startsWith(OFFICIAL) && repository.indexOf('/', OFFICIAL.length()) < 0
              ? repository.substring(OFFICIAL.length())
              : isHost(repository.substring(0, repository.indexOf('/'))) ? name : repository;
    }
    return name + suffix();
  }

  private String suffix() {
    return tag.map(text -> ":" + text).orElse("") + digest.map(one -> "@" + one).orElse("");
  }

  @Override
  public String toString() {
    return registry + "/" + repository + suffix();
  }
}
