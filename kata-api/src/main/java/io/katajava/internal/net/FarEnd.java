package io.katajava.internal.net;

import java.io.IOException;
import java.nio.channels.ByteChannel;

/**
 * Where a connection of the guest goes on: a socket of the host, or a service of the gateway's own.
 * Used by the network's thread alone.
 */
interface FarEnd extends ByteChannel {
  /** From now on the handler is told when something of interest can be done, not before. */
  void watch(Channels channels, Channels.Handler handler) throws IOException;

  boolean isConnected();

  /** Returns whether it is connected by now; it is of no interest then until told. */
  boolean finishConnect() throws IOException;

  void interest(boolean read, boolean write);

  boolean isReadable();

  boolean isWritable();

  /** The guest sends no more. */
  void shutdownOutput() throws IOException;

  /** Ends it so that its other end knows that something went wrong. */
  void reset();

  @Override
  void close();
}
