package io.katajava.image.internal;

import io.katajava.base.text.PrintableText;
import java.io.IOException;

/** An archive that is malformed or not to be trusted. */
public final class InvalidLayerException extends IOException {
  private static final long serialVersionUID = 1;

  InvalidLayerException(String message) {
    super(PrintableText.lines(message));
  }
}
