package io.katajava.transport;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;

/** A connected unix stream socket. */
public final class UnixSocketConnection implements Connection {

  /** The longest path of a socket, in bytes: {@code sun_path} less its final NUL, unix(7). */
  public static final int MAX_PATH_BYTES = 107;

  private final DescriptorStream stream;
  private final String description;

  private UnixSocketConnection(int fd, String description) {
    this.description = description;
    this.stream = new DescriptorStream(fd, description);
  }

  /**
   * Connects to a listening socket. A socket that does not exist or that nobody listens on fails at
   * once; the timeout bounds the wait for a listener whose queue is full.
   *
   * @param path the socket, at most {@value #MAX_PATH_BYTES} bytes long
   * @param timeout the longest wait, positive
   * @return the connection
   * @throws IllegalArgumentException if the path is too long or the timeout not positive
   * @throws IOException if nobody accepts
   */
  public static UnixSocketConnection connect(Path path, Duration timeout) throws IOException {
    if (timeout.isZero() || timeout.isNegative()) {
      throw new IllegalArgumentException("timeout must be positive but is " + timeout);
    }
    return new UnixSocketConnection(UnixSockets.connect(path, timeout), describe(path));
  }

  /**
   * Loads the native bindings, which takes some hundred milliseconds of processor time once per
   * JVM. Call it on a spare thread when a connection will be needed soon.
   */
  public static void preload() {
    try {
      SocketCalls.C.close(UnixSockets.open());
    } catch (IOException e) {
      throw new java.io.UncheckedIOException("creating a unix socket", e);
    }
  }

  static UnixSocketConnection accepted(int fd, Path path) {
    return new UnixSocketConnection(fd, describe(path));
  }

  private static String describe(Path path) {
    return "unix://" + path;
  }

  @Override
  public int read(ByteBuffer destination) throws IOException {
    return stream.read(destination);
  }

  @Override
  public boolean awaitReadable(int millis) throws IOException {
    return stream.awaitReadable(millis);
  }

  @Override
  public void write(ByteBuffer... sources) throws IOException {
    stream.write(sources);
  }

  @Override
  public int writeAvailable(ByteBuffer source) throws IOException {
    return stream.writeAvailable(source);
  }

  /**
   * Sends bytes together with open files ({@code SCM_RIGHTS}, unix(7)). The peer gets duplicates;
   * the caller still closes its own.
   *
   * @param data at least one byte, sent whole
   * @param descriptors the files, at most 253
   * @throws IOException if the system refused to send them
   */
  public void sendWithDescriptors(ByteBuffer data, int... descriptors) throws IOException {
    if (!data.hasRemaining()) {
      throw new IllegalArgumentException("descriptors travel with at least one byte of data");
    }
    stream.use(
        fd -> {
          NativeSockets.sendDescriptors(fd, data, descriptors, description);
          stream.write(data);
          return data;
        });
  }

  /**
   * Asks the kernel who is at the other end.
   *
   * @return process, user and group of the peer
   * @throws IOException if the connection is closed or the system refused
   */
  public PeerCredentials peer() throws IOException {
    return stream.use(UnixSockets::peer);
  }

  /** The descriptor, valid until {@link #close}. */
  int fd() {
    return stream.fd();
  }

  @Override
  public void close() {
    stream.close();
  }

  @Override
  public String describe() {
    return description;
  }

  @Override
  public String toString() {
    return description;
  }
}
