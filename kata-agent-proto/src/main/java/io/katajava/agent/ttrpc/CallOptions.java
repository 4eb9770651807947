package io.katajava.agent.ttrpc;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How one call is made.
 *
 * @param timeout when the caller is freed; zero means never
 * @param serverTimeout whether the server is told the timeout ({@code timeout_nano}) and gives the
 *     operation up when it passes. Never use it for calls that wait or that move data: the server
 *     may lose what it has read
 * @param metadata sent with the request; keys are compared as they are
 */
public record CallOptions(
    Duration timeout, boolean serverTimeout, Map<String, List<String>> metadata) {

  /** No timeout, no metadata. */
  public static final CallOptions NONE = new CallOptions(Duration.ZERO, false, Map.of());

  /** Checks and copies. */
  public CallOptions {
    if (timeout.isNegative()) {
      throw new IllegalArgumentException("timeout must not be negative but is " + timeout);
    }
    Map<String, List<String>> copy = new LinkedHashMap<>();
    metadata.forEach((key, values) -> copy.put(key, List.copyOf(values)));
    metadata = java.util.Collections.unmodifiableMap(copy);
  }

  /**
   * Frees the caller and tells the server to give up after a while.
   *
   * @param timeout positive, or zero for never
   * @return the options
   */
  public static CallOptions within(Duration timeout) {
    return new CallOptions(timeout, true, Map.of());
  }

  /**
   * Frees the caller after a while; the server is not told.
   *
   * @param timeout positive, or zero for never
   * @return the options
   */
  public static CallOptions waitingFor(Duration timeout) {
    return new CallOptions(timeout, false, Map.of());
  }

  /**
   * Adds a metadata entry, such as {@code traceparent}.
   *
   * @param key the key
   * @param value one more value of the key
   * @return these options with the entry
   */
  public CallOptions withMetadata(String key, String value) {
    Map<String, List<String>> more = new LinkedHashMap<>(metadata);
    List<String> values = new ArrayList<>(more.getOrDefault(key, List.of()));
    values.add(value);
    more.put(key, values);
    return new CallOptions(timeout, serverTimeout, more);
  }

  /** Nanoseconds, 0 for none; saturates after 292 years. */
  long timeoutNanos() {
    try {
      return timeout.toNanos();
    } catch (ArithmeticException e) {
      return Long.MAX_VALUE;
    }
  }
}
