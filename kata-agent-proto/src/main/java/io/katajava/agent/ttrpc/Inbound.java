package io.katajava.agent.ttrpc;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** What arrived on one half of a stream and was not received yet. */
final class Inbound {
  private static final int ITEM_COST = 96;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ArrayDeque<ByteBuffer> items = new ArrayDeque<>();
  private long queued;
  private boolean ended;
  private Pending.@Nullable Failure failure;

  /** An item costs more than its bytes: the buffer, its array's head, a place in the queue. */
  private static long cost(int length) {
    return (long) length + ITEM_COST;
  }

  /** Takes a data frame; never blocks. */
  void accept(Frame frame) {
    byte[] body = frame.body();
    lock.lock();
    try {
      if (ended || failure != null) {
        return;
      }
      if (body == null || queued + cost(body.length) > TtrpcStream.MAX_QUEUED) {
        failure =
            new Pending.Failure(
                TtrpcStatus.RESOURCE_EXHAUSTED,
                "the peer sent more than " + TtrpcStream.MAX_QUEUED + " bytes ahead",
                null);
        items.clear();
        queued = 0;
      } else if ((frame.flags() & Frame.NO_DATA) == 0) {
        items.add(ByteBuffer.wrap(body));
        queued += cost(body.length);
      }
      if ((frame.flags() & Frame.REMOTE_CLOSED) != 0) {
        ended = true;
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  void end() {
    lock.lock();
    try {
      ended = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Items that arrived before stay receivable, unless the stream ended properly before. */
  void fail(Pending.Failure reason) {
    lock.lock();
    try {
      if (failure == null && !ended) {
        failure = reason;
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Waits for the next item; null at the end of the half. */
  @Nullable ByteBuffer take(Duration timeout, String service, String method)
      throws InterruptedException, TimeoutException {
    long left = TimeUnit.NANOSECONDS.convert(timeout);
    lock.lock();
    try {
      while (true) {
        ByteBuffer item = items.poll();
        if (item != null) {
          queued -= cost(item.remaining());
          return item;
        }
        if (failure != null) {
          throw failure.toException(service, method);
        }
        if (ended) {
          return null;
        }
        if (timeout.isZero()) {
          changed.await();
        } else if ((left = changed.awaitNanos(left)) <= 0) {
          throw new TimeoutException();
        }
      }
    } finally {
      lock.unlock();
    }
  }
}
