package io.katajava.transport;

import io.katajava.base.text.PrintableText;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A guest's vsock port behind a unix socket, as Firecracker, Cloud Hypervisor and vhost-user-vsock
 * offer it: the host writes {@code CONNECT port} and a newline, the answer is a line with {@code
 * OK}, then the stream is the guest's.
 */
public final class HybridVsockConnection implements Connection {
  private static final int MAX_LINE = 128;

  private final UnixSocketConnection socket;
  private final String description;

  private HybridVsockConnection(UnixSocketConnection socket, String description) {
    this.socket = socket;
    this.description = description;
  }

  /**
   * Connects to a port of the guest once. It fails at once if nothing listens there.
   *
   * @param path the unix socket of the virtual machine monitor
   * @param port the guest's port, unsigned
   * @param timeout the longest wait for the whole exchange
   * @return the connection
   * @throws IOException if the socket is not there, nobody listens on the port, or the time is over
   */
  public static HybridVsockConnection connect(Path path, int port, Duration timeout)
      throws IOException {
    String number = Integer.toUnsignedString(port);
    String description = "hvsock://" + path + ":" + number;
    UnixSocketConnection socket = UnixSocketConnection.connect(path, timeout);
    try {
      String line =
          Handshake.run(
              socket,
              timeout,
              () -> {
                String request = "CONNECT " + number + "\n";
                socket.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.US_ASCII)));
                return readLine(socket);
              });
      if (!line.startsWith("OK")) {
        socket.close();
        throw new IOException("the answer is \"" + PrintableText.line(line) + "\" instead of OK");
      }
      return new HybridVsockConnection(socket, description);
    } catch (IOException e) {
      throw new IOException("connecting to " + description + ": " + e.getMessage(), e);
    }
  }

  /** Byte by byte: what follows the line belongs to the stream. */
  private static String readLine(Connection connection) throws IOException {
    StringBuilder line = new StringBuilder();
    ByteBuffer one = ByteBuffer.allocateDirect(1);
    while (line.length() < MAX_LINE) {
      if (connection.read(one.clear()) < 0) {
        throw new IOException("the connection was closed; nobody listens on the port");
      }
      char c = (char) (one.get(0) & 0x7f);
      if (c == '\n') {
        return line.toString();
      }
      line.append(c < ' ' ? '?' : c);
    }
    throw new IOException("the answer is longer than " + MAX_LINE + " bytes");
  }

  @Override
  public int read(ByteBuffer destination) throws IOException {
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
