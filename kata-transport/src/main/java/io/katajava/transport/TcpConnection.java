package io.katajava.transport;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;

/** A TCP connection, for tools that talk to an agent elsewhere. Nothing is encrypted. */
public final class TcpConnection implements Connection {
  private static final int BUFFER_SIZE = 64 * 1024;

  private final Socket socket;
  private final InputStream in;
  private final OutputStream out;
  private final String description;
  private final ReentrantLock writeLock = new ReentrantLock();
  private final byte[] readBuffer = new byte[BUFFER_SIZE];
  private final byte[] writeBuffer = new byte[BUFFER_SIZE];

  private TcpConnection(Socket socket, String description) throws IOException {
    this.socket = socket;
    this.in = socket.getInputStream();
    this.out = socket.getOutputStream();
    this.description = description;
  }

  /**
   * Connects.
   *
   * @param host name or address
   * @param port 1 to 65535
   * @param timeout the longest wait for one address of the host
   * @return the connection
   * @throws IOException if nobody accepts
   */
  public static TcpConnection connect(String host, int port, Duration timeout) throws IOException {
    String description = "tcp://" + host + ":" + port;
    Socket socket = new Socket();
    try {
      int millis = (int) Math.min(Integer.MAX_VALUE, Math.max(1, timeout.toMillis()));
      socket.connect(new InetSocketAddress(host, port), millis);
      socket.setTcpNoDelay(true);
      return new TcpConnection(socket, description);
    } catch (IOException e) {
      socket.close();
      throw new IOException("connecting to " + description + ": " + e.getMessage(), e);
    }
  }

  /**
   * Wraps an accepted socket.
   *
   * @param socket a connected socket, owned by the connection from now on
   * @return the connection
   * @throws IOException if the socket is not connected
   */
  public static TcpConnection accepted(Socket socket) throws IOException {
    socket.setTcpNoDelay(true);
    return new TcpConnection(socket, "tcp:/" + socket.getRemoteSocketAddress());
  }

  @Override
  public int read(ByteBuffer destination) throws IOException {
    try {
      int count = in.read(readBuffer, 0, Math.min(BUFFER_SIZE, destination.remaining()));
      if (count > 0) {
        destination.put(readBuffer, 0, count);
      }
      return count;
    } catch (SocketException e) {
      throw failure("reading from ", e);
    }
  }

  @Override
  public void write(ByteBuffer... sources) throws IOException {
    writeLock.lock();
    try {
      for (ByteBuffer source : sources) {
        while (source.hasRemaining()) {
          int count = Math.min(BUFFER_SIZE, source.remaining());
          source.get(writeBuffer, 0, count);
          out.write(writeBuffer, 0, count);
        }
      }
    } catch (SocketException e) {
      throw failure("writing to ", e);
    } finally {
      writeLock.unlock();
    }
  }

  private IOException failure(String attempt, SocketException e) {
    return socket.isClosed()
        ? new ConnectionClosedException(description)
        : new IOException(attempt + description + ": " + e.getMessage(), e);
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException("closing " + description, e);
    }
  }

  @Override
  public String describe() {
    return description;
  }
}
