package io.katajava.internal.net;

import io.katajava.base.text.PrintableText;
import java.io.IOException;
import java.net.SocketException;

/** The system gives no descriptor for a socket. */
final class NoDescriptorException extends SocketException {
  private static final long serialVersionUID = 1;

  NoDescriptorException(IOException cause) {
    super(PrintableText.lines(String.valueOf(cause.getMessage())));
    initCause(cause);
  }
}
