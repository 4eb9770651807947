package io.katajava.internal.net;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes connections at a socket of the host. Where the system has no descriptor for another one, it
 * would say again and again that there is one to be had; so it is asked again after a pause, and
 * whoever wants to connect waits meanwhile in the system's queue.
 */
final class Acceptor implements Channels.Handler {
  private static final Logger log = LoggerFactory.getLogger(Acceptor.class);
  private static final int BURST = 32;
  private static final long FIRST_PAUSE = TimeUnit.MILLISECONDS.toNanos(100);
  private static final long LONGEST_PAUSE = TimeUnit.SECONDS.toNanos(1);

  /** Takes what was accepted, and closes it. */
  interface Taker {
    void take(SocketChannel client) throws IOException;
  }

  private final ServerSocketChannel server;
  private final NetworkLimits limits;
  private final Taker taker;
  private final SelectionKey key;
  private long pause = FIRST_PAUSE;
  private long resumeAt;
  private boolean resting;

  Acceptor(ServerSocketChannel server, Channels channels, NetworkLimits limits, Taker taker)
      throws IOException {
    this.server = server;
    this.limits = limits;
    this.taker = taker;
    this.key = channels.register(server, SelectionKey.OP_ACCEPT, this);
  }

  @Override
  public void ready() {
    try {
      for (int i = 0; i < BURST; i++) {
        SocketChannel client = server.accept();
        if (client == null) {
          return;
        }
        pause = FIRST_PAUSE;
        taker.take(client);
      }
    } catch (ClosedChannelException e) {
      // Whoever closed it knows.
      return;
    } catch (IOException e) {
      rest(e);
    }
  }

  private void rest(IOException e) {
    log.debug("nothing is accepted for {} ms: {}", pause / 1_000_000, e.toString());
    if (key.isValid()) {
      key.interestOps(0);
      resting = true;
      resumeAt = System.nanoTime() + pause;
      pause = Math.min(2 * pause, LONGEST_PAUSE);
      limits.acceptPaused(e.getMessage());
    }
  }

  boolean isOpen() {
    return key.isValid();
  }

  boolean isResting() {
    return resting && key.isValid();
  }

  void tick(long now) {
    if (isResting() && now - resumeAt >= 0) {
      resting = false;
      key.interestOps(SelectionKey.OP_ACCEPT);
    }
  }
}
