package io.katajava.qemu.internal;

import java.io.IOException;
import java.io.InputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * The guest's console as a stream, of a QEMU that is not our child for long. It can be read before
 * it is connected, and then waits; it ends when QEMU does.
 */
final class ConsoleSocket extends InputStream {
  private final Path path;
  private final CompletableFuture<SocketChannel> channel = new CompletableFuture<>();

  ConsoleSocket(Path path) {
    this.path = path;
  }

  /** QEMU listens. A console that cannot be had is one that says nothing. */
  void connect() {
    try {
      SocketChannel opened = SocketChannel.open(StandardProtocolFamily.UNIX);
      try {
        opened.connect(UnixDomainSocketAddress.of(path));
      } catch (IOException | RuntimeException e) {
        opened.close();
        throw e;
      }
      if (!channel.complete(opened)) {
        opened.close();
      }
    } catch (IOException e) {
      channel.completeExceptionally(e);
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    try {
      return channel.get().read(ByteBuffer.wrap(buffer, offset, length));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while reading the console", e);
    } catch (ExecutionException e) {
      throw new IOException(String.valueOf(e.getCause()), e);
    }
  }

  @Override
  public void close() {
    channel.completeExceptionally(new IOException("closed"));
    SocketChannel opened = channel.isCompletedExceptionally() ? null : channel.join();
    if (opened != null) {
      try {
        opened.close();
      } catch (IOException e) {
        // Nothing is left to free then.
        return;
      }
    }
  }
}
