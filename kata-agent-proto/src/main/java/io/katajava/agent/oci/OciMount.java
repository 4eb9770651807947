package io.katajava.agent.oci;

import java.util.List;

/**
 * A mount in the container. Maps to the protocol's {@code Mount}.
 *
 * @param destination absolute path in the container
 * @param type filesystem type, for example {@code proc} or {@code bind}
 * @param source what is mounted
 * @param options mount options, flags and filesystem data mixed
 */
public record OciMount(String destination, String type, String source, List<String> options) {

  /** Copies the options. */
  public OciMount {
    options = List.copyOf(options);
  }

  /**
   * A mount.
   *
   * @param destination absolute path in the container
   * @param type filesystem type
   * @param source what is mounted
   * @param options mount options
   * @return the mount
   */
  public static OciMount of(String destination, String type, String source, String... options) {
    return new OciMount(destination, type, source, List.of(options));
  }
}
