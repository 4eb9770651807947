package io.katajava.internal.net;

import java.io.IOException;
import java.nio.channels.Channel;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The channels of one network, all watched by its one thread. */
final class Channels {
  private static final Logger log = LoggerFactory.getLogger(Channels.class);

  private final Selector selector;

  Channels(Selector selector) {
    this.selector = selector;
  }

  /** Something to do when a channel is ready. Runs on the network's thread; must not block. */
  interface Handler {
    /** Some of what it is interested in can be done. */
    void ready();
  }

  /** Opens a socket. */
  interface Opening<T> {
    T open() throws IOException;
  }

  /**
   * Opens a socket that is not connected yet.
   *
   * @throws NoDescriptorException if that cannot be done: there is nothing else to lack
   */
  static <T> T opening(Opening<T> opening) throws IOException {
    try {
      return opening.open();
    } catch (IOException e) {
      throw new NoDescriptorException(e);
    }
  }

  SelectionKey register(SelectableChannel channel, int interest, Handler handler)
      throws IOException {
    channel.configureBlocking(false);
    return channel.register(selector, interest, handler);
  }

  /**
   * Closes a channel for good. One that a selector watches is otherwise closed with the next
   * selection, and until then the system goes on serving it.
   */
  void closeNow(Channel channel) {
    close(channel);
    reap();
  }

  /** Lets the system have what was closed. */
  void reap() {
    try {
      selector.selectNow();
    } catch (IOException e) {
      log.debug("the selector failed", e);
    }
  }

  static void close(Channel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      log.debug("a channel was closed with an error", e);
    }
  }
}
