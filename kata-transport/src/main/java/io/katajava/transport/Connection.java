package io.katajava.transport;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * An open duplex byte stream. One thread may read while any number of threads write: each {@link
 * #write} is put on the stream whole, never interleaved with another. A thread's interrupt does not
 * close the connection.
 *
 * <p>Direct buffers are the fast path; heap buffers are copied once.
 */
public interface Connection extends AutoCloseable {

  /**
   * Reads at least one byte, waiting for it as long as necessary.
   *
   * @param destination where to put the bytes; must have room
   * @return the number of bytes read, or -1 at the end of the stream
   * @throws ConnectionClosedException if {@link #close} was called, before or meanwhile
   * @throws IOException if the system refused to read
   */
  int read(ByteBuffer destination) throws IOException;

  /**
   * Waits until {@link #read} would return at once. For the thread that reads.
   *
   * @param millis the longest wait, positive
   * @return whether it would, with bytes, the end or a failure; false after the time, and at once
   *     for a transport that cannot tell
   * @throws ConnectionClosedException if {@link #close} was called
   * @throws IOException if the system refused
   */
  default boolean awaitReadable(int millis) throws IOException {
    return false;
  }

  /**
   * Writes everything that remains in the buffers, waiting for room as long as necessary.
   *
   * @param sources what to write, in this order
   * @throws ConnectionClosedException if {@link #close} was called, before or meanwhile
   * @throws IOException if the peer is gone or the system refused to write; part may be written
   */
  void write(ByteBuffer... sources) throws IOException;

  /**
   * Writes as much of the buffer as the system takes at once. A transport that cannot tell writes
   * all of it and may wait.
   *
   * @param source what to write; its position moves by what was written
   * @return the number of bytes written, possibly 0
   * @throws ConnectionClosedException if {@link #close} was called
   * @throws IOException if the peer is gone or the system refused to write
   */
  default int writeAvailable(ByteBuffer source) throws IOException {
    int length = source.remaining();
    write(source);
    return length;
  }

  /** Closes the stream and wakes its blocked reader and writers at once. May be called again. */
  @Override
  void close();

  /**
   * Names the connection for messages and logs.
   *
   * @return transport and address, such as {@code unix:///run/agent.sock}
   */
  String describe();
}
