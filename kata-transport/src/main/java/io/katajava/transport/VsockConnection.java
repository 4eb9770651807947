package io.katajava.transport;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;

/** A stream socket between a virtual machine and its host, vsock(7). */
public final class VsockConnection implements Connection {

  /** The host, seen from a guest. */
  public static final int HOST_CID = 2;

  /** This machine itself, where the kernel has vsock loopback. */
  public static final int LOCAL_CID = 1;

  /** Any context, for a listener. */
  public static final int ANY_CID = -1;

  private final DescriptorStream stream;
  private final int peerCid;
  private final String description;

  VsockConnection(int fd, int peerCid, String description) {
    this.stream = new DescriptorStream(fd, description);
    this.peerCid = peerCid;
    this.description = description;
  }

  /**
   * Connects once. It fails at once if the machine runs and nobody listens.
   *
   * @param cid context id of the machine, unsigned
   * @param port the port, unsigned
   * @param timeout the longest wait, positive
   * @return the connection
   * @throws IOException if the kernel has no vsock, there is no such machine, nobody listens, or
   *     the time is over
   */
  public static VsockConnection connect(int cid, int port, Duration timeout) throws IOException {
    String description = describe(cid, port);
    int fd = NativeSockets.connectVsock(cid, port, timeout, description);
    return new VsockConnection(fd, cid, description);
  }

  static String describe(int cid, int port) {
    String context = cid == ANY_CID ? "-1" : Integer.toUnsignedString(cid);
    return "vsock://" + context + ":" + Integer.toUnsignedString(port);
  }

  /**
   * Returns the context id of the other end.
   *
   * @return unsigned
   */
  public int peerCid() {
    return peerCid;
  }

  @Override
  public int read(ByteBuffer destination) throws IOException {
    return stream.read(destination);
  }

  @Override
  public void write(ByteBuffer... sources) throws IOException {
    stream.write(sources);
  }

  @Override
  public int writeAvailable(ByteBuffer source) throws IOException {
    return stream.writeAvailable(source);
  }

  @Override
  public void close() {
    stream.close();
  }

  @Override
  public String describe() {
    return description;
  }
}
