package io.katajava.transport;

import io.katajava.base.text.PrintableText;
import java.io.IOException;

/** The connection was closed on this side: by {@link Connection#close}, not by the peer. */
public final class ConnectionClosedException extends IOException {

  /**
   * Creates the exception.
   *
   * @param connection what {@link Connection#describe} says
   */
  public ConnectionClosedException(String connection) {
    super(PrintableText.lines(connection) + " was closed on this side");
  }
}
