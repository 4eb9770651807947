package io.katajava.image.internal;

import io.katajava.image.Digest;
import io.katajava.image.Platform;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Names content: the OCI content descriptor.
 *
 * @param mediaType what it is
 * @param digest its digest
 * @param size its size in bytes
 * @param annotations notes
 * @param platform what an image runs on, in an index
 */
public record Descriptor(
    String mediaType,
    Digest digest,
    long size,
    Map<String, String> annotations,
    Optional<Platform> platform) {

  /** Copies the notes. */
  public Descriptor {
    annotations = Map.copyOf(annotations);
  }

  /**
   * A descriptor without notes.
   *
   * @param mediaType what it is
   * @param digest its digest
   * @param size its size in bytes
   */
  public Descriptor(String mediaType, Digest digest, long size) {
    this(mediaType, digest, size, Map.of(), Optional.empty());
  }

  Descriptor annotated(String key, String value) {
    Map<String, String> more = new LinkedHashMap<>(annotations);
    more.put(key, value);
    return new Descriptor(mediaType, digest, size, more, platform);
  }

  Descriptor on(Platform other) {
    return new Descriptor(mediaType, digest, size, annotations, Optional.of(other));
  }
}
