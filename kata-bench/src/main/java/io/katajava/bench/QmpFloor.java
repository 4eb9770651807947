package io.katajava.bench;

import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/**
 * What QEMU itself takes: one thread writes the same bytes and counts line ends. A process like the
 * other clients; no client can be faster.
 */
final class QmpFloor {
  private static final byte[] COMMAND = bytes("{\"execute\":\"query-status\",\"id\":1}\n");

  private final SocketChannel channel;
  private final ByteBuffer received = ByteBuffer.allocateDirect(64 * 1024);

  private QmpFloor(SocketChannel channel) {
    this.channel = channel;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Serves until its input ends.
   *
   * @param arguments the socket of a monitor
   */
  public static void main(String[] arguments) throws IOException {
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(arguments[0]));
      QmpFloor floor = new QmpFloor(channel);
      floor.await(1);
      floor.exchange(
          bytes("{\"execute\":\"qmp_capabilities\",\"arguments\":{\"enable\":[\"oob\"]}}\n"), 1);
      System.out.println("ready");
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        int space = line.indexOf(' ');
        int batch = line.startsWith("single") ? 1 : QmpDriver.BATCH;
        byte[] commands = new byte[batch * COMMAND.length];
        for (int i = 0; i < batch; i++) {
          System.arraycopy(COMMAND, 0, commands, i * COMMAND.length, COMMAND.length);
        }
        long begin = System.nanoTime();
        for (int i = 0; i < Integer.parseInt(line.substring(space + 1)); i += batch) {
          floor.exchange(commands, batch);
        }
        System.out.println((System.nanoTime() - begin) / 1e9);
      }
    }
  }

  private void exchange(byte[] commands, int replies) throws IOException {
    ByteBuffer data = ByteBuffer.wrap(commands);
    while (data.hasRemaining()) {
      channel.write(data);
    }
    await(replies);
  }

  private void await(int lineEnds) throws IOException {
    int left = lineEnds;
    while (left > 0) {
      if (channel.read(received.clear()) < 0) {
        throw new EOFException("QEMU hung up");
      }
      received.flip();
      while (received.hasRemaining()) {
        if (received.get() == '\n') {
          left--;
        }
      }
    }
  }
}
