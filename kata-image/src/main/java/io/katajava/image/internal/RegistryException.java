package io.katajava.image.internal;

import io.katajava.base.text.PrintableText;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A registry's answer that is none to work with, or none at all. */
final class RegistryException extends IOException {
  private static final long serialVersionUID = 1;

  private final int status;
  private final @Nullable Duration retryAfter;

  RegistryException(int status, String message) {
    this(status, message, null);
  }

  /**
   * Makes the exception.
   *
   * @param status the HTTP status, or 0 when it is not about one
   * @param message what was asked of whom, and what came
   * @param retryAfter when the registry wants to be asked again
   */
  RegistryException(int status, String message, @Nullable Duration retryAfter) {
    super(PrintableText.lines(message));
    this.status = status;
    this.retryAfter = retryAfter;
  }

  /** The HTTP status, or 0 when it is not about one. */
  int status() {
    return status;
  }

  Optional<Duration> retryAfter() {
    return Optional.ofNullable(retryAfter);
  }

  /** Whether the same request may succeed later. */
  boolean mayPass() {
    return switch (status) {
      case 408, 425, 429, 500, 502, 503, 504 -> true;
      default -> false;
    };
  }
}
