package io.katajava.image.internal;

import io.katajava.Deadline;
import io.katajava.base.threads.Timer;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The body of an answer. The client has no limit for the time between two bytes, nor for the whole:
 * what stands still, or goes on beyond the deadline, is closed here.
 */
final class WatchedBody extends PassingStream {
  private static final Logger log = LoggerFactory.getLogger(WatchedBody.class);
  private static final Duration STALL_LIMIT = Duration.ofSeconds(30);
  private static final Duration PERIOD = Duration.ofMillis(250);
  private static final Timer GUARD =
      new Timer(
          "kata-pull-guard",
          Duration.ofSeconds(10),
          problem ->
              log.warn("the watch over stalled downloads has ended: {}", problem.toString()));

  private final Deadline deadline;
  private final ScheduledFuture<?> watch;
  private volatile long lastAt = System.nanoTime();
  private volatile boolean cut;

  WatchedBody(InputStream body, Deadline deadline) {
    super(body);
    this.deadline = deadline;
    this.watch = GUARD.every(PERIOD, this::look);
  }

  private void look() {
    if (System.nanoTime() - lastAt > STALL_LIMIT.toNanos() || deadline.isExpired()) {
      cut();
    }
  }

  /** Ends whoever reads it. */
  void cut() {
    cut = true;
    try {
      close();
    } catch (IOException e) {
      log.trace("closing a body that stands still", e);
    }
  }

  @Override
  void count(long more) {
    lastAt = System.nanoTime();
  }

  @Override
  public int read() throws IOException {
    try {
      return super.read();
    } catch (IOException e) {
      throw explained(e);
    }
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    try {
      return super.read(buffer, offset, length);
    } catch (IOException e) {
      throw explained(e);
    }
  }

  private IOException explained(IOException e) {
    if (deadline.isExpired()) {
      return new LateException(deadline, "reading a registry's answer");
    }
    return cut ? new IOException("no data arrived for " + STALL_LIMIT.toSeconds() + " s", e) : e;
  }

  @Override
  public void close() throws IOException {
    watch.cancel(false);
    super.close();
  }
}
