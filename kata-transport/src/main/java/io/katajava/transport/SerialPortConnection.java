package io.katajava.transport;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A virtio-serial port of the guest, reached through the unix socket of QEMU's chardev.
 *
 * <p>A port has no connections of its own: bytes of an earlier user may still be under way. So the
 * host opens with a hello that carries a fresh nonce, and everything is thrown away until the
 * guest's answer with that nonce. From then on the stream is clean in both directions.
 *
 * <p>Trap: QEMU serves one client of the socket at a time.
 */
public final class SerialPortConnection implements Connection {
  private static final long FIRST_ANSWER_MILLIS = 300;

  /** Long enough for the guest to see that the host is gone. */
  private static final long HANG_UP_MILLIS = 200;

  private final UnixSocketConnection socket;
  private final String description;

  /** What came together with the guest's answer. */
  private final ByteBuffer early;

  private SerialPortConnection(UnixSocketConnection socket, String description, ByteBuffer early) {
    this.socket = socket;
    this.description = description;
    this.early = early;
  }

  /**
   * Waits for a guest that is starting. QEMU keeps the hello until the guest opens the port, so
   * this returns as soon as the agent is up, without polling.
   *
   * @param path the chardev's socket
   * @param timeout the longest wait
   * @return the connection
   * @throws IOException if the socket is not there, QEMU went away, the time is over, or the thread
   *     was interrupted (its flag is set again)
   */
  public static SerialPortConnection awaitBoot(Path path, Duration timeout) throws IOException {
    try {
      return attempt(path, timeout);
    } catch (IOException e) {
      throw failure(path, e);
    }
  }

  /**
   * Takes over the port of a guest that is running. If its agent is stuck in a half message of an
   * earlier connection, it hears nothing until that connection is seen to end: after 300 ms without
   * an answer this hangs up, waits 200 ms and tries anew, twice as long each time.
   *
   * @param path the chardev's socket
   * @param timeout the longest wait
   * @return the connection
   * @throws IOException as {@link #awaitBoot}
   */
  public static SerialPortConnection resume(Path path, Duration timeout) throws IOException {
    long deadline = System.nanoTime() + timeout.toNanos();
    long patience = FIRST_ANSWER_MILLIS;
    while (true) {
      long left = (deadline - System.nanoTime()) / 1_000_000;
      boolean last = left <= patience + HANG_UP_MILLIS;
      try {
        return attempt(path, Duration.ofMillis(Math.max(1, last ? left : patience)));
      } catch (IOException e) {
        if (last || !(e instanceof java.net.SocketTimeoutException)) {
          throw failure(path, e);
        }
      }
      try {
        Thread.sleep(HANG_UP_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw failure(path, new IOException("interrupted", e));
      }
      patience *= 2;
    }
  }

  private static SerialPortConnection attempt(Path path, Duration timeout) throws IOException {
    UnixSocketConnection socket = UnixSocketConnection.connect(path, timeout);
    byte[] nonce = SyncFrame.nonce();
    ByteBuffer early =
        Handshake.run(
            socket,
            timeout,
            () -> {
              socket.write(ByteBuffer.wrap(SyncFrame.encode(SyncFrame.HELLO, nonce)));
              return SyncFrame.skipTo(SyncFrame.encode(SyncFrame.ANSWER, nonce), socket);
            });
    return new SerialPortConnection(socket, "serial://" + path, early);
  }

  private static IOException failure(Path path, IOException cause) {
    return new IOException(
        "waiting for the guest's agent on serial://" + path + ": " + cause.getMessage(), cause);
  }

  @Override
  public int read(ByteBuffer destination) throws IOException {
    if (early.hasRemaining()) {
      int count = Math.min(early.remaining(), destination.remaining());
      destination.put(early.slice().limit(count));
      early.position(early.position() + count);
      return count;
    }
    return socket.read(destination);
  }

  @Override
  public void write(ByteBuffer... sources) throws IOException {
    socket.write(sources);
  }

  @Override
  public int writeAvailable(ByteBuffer source) throws IOException {
    return socket.writeAvailable(source);
  }

  @Override
  public void close() {
    socket.close();
  }

  @Override
  public String describe() {
    return description;
  }
}
