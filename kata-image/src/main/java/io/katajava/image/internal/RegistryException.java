package io.katajava.image.internal;

import java.io.IOException;

/** A registry's answer that is none to work with. */
final class RegistryException extends IOException {
  private static final long serialVersionUID = 1;

  private final int status;

  RegistryException(int status, String message) {
    super(message);
    this.status = status;
  }

  /** The HTTP status, or 0 when it is not about one. */
  int status() {
    return status;
  }

  /** Whether the same request may succeed later. */
  boolean mayPass() {
    return status == 429 || status >= 500;
  }
}
