package io.katajava.internal.net;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A socket of the host, connected or being connected. */
final class SocketEnd implements FarEnd {
  private static final Logger log = LoggerFactory.getLogger(SocketEnd.class);

  private final SocketChannel channel;
  private @Nullable SelectionKey key;

  SocketEnd(SocketChannel channel) {
    this.channel = channel;
  }

  private SelectionKey key() {
    return java.util.Objects.requireNonNull(key);
  }

  @Override
  public void watch(Channels channels, Channels.Handler handler) throws IOException {
    key = channels.register(channel, channel.isConnected() ? 0 : SelectionKey.OP_CONNECT, handler);
    if (channel.isConnected()) {
      sendAtOnce();
    }
  }

  @Override
  public boolean isConnected() {
    return channel.isConnected();
  }

  @Override
  public boolean finishConnect() throws IOException {
    if (!channel.finishConnect()) {
      return false;
    }
    sendAtOnce();
    key().interestOps(0);
    return true;
  }

  /** The guest has waited for more to send, where it wants to. */
  private void sendAtOnce() throws IOException {
    if (channel.supportedOptions().contains(StandardSocketOptions.TCP_NODELAY)) {
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    }
  }

  @Override
  public void interest(boolean read, boolean write) {
    int wanted = (read ? SelectionKey.OP_READ : 0) | (write ? SelectionKey.OP_WRITE : 0);
    if (key().isValid() && key().interestOps() != wanted) {
      key().interestOps(wanted);
    }
  }

  @Override
  public boolean isReadable() {
    return key().isReadable();
  }

  @Override
  public boolean isWritable() {
    return key().isWritable();
  }

  @Override
  public int read(ByteBuffer to) throws IOException {
    return channel.read(to);
  }

  @Override
  public int write(ByteBuffer from) throws IOException {
    return channel.write(from);
  }

  @Override
  public boolean isOpen() {
    return channel.isOpen();
  }

  @Override
  public void shutdownOutput() throws IOException {
    channel.shutdownOutput();
  }

  @Override
  public void reset() {
    try {
      if (channel.supportedOptions().contains(StandardSocketOptions.SO_LINGER)) {
        channel.setOption(StandardSocketOptions.SO_LINGER, 0);
      }
    } catch (IOException e) {
      log.debug("a socket is gone already: {}", e.toString());
    }
    close();
  }

  @Override
  public void close() {
    Channels.close(channel);
  }
}
