package io.katajava.agent.ttrpc;

import io.katajava.base.threads.OwnedThreads;
import io.katajava.transport.Connection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Puts frames on the connection in the order they were handed in.
 *
 * <p>Whoever finds the writer idle writes, and takes along what others queue meanwhile, many frames
 * per system call. Nobody waits for the peer: as soon as the connection takes no more, the rest
 * goes to a thread of the writer's own, which ends when it has been idle for a while.
 */
final class FrameWriter {
  /** Handing in waits while more than this is queued. */
  static final int MAX_QUEUED = 8 << 20;

  /** How long one waits for room who has set no limit. */
  static final Duration LONGEST_WAIT = Duration.ofSeconds(60);

  /** What a queued frame costs besides its bytes: the buffer, its array's head, a place. */
  private static final int FRAME_COST = 96;

  private static final int BATCH = 64 * 1024;
  private static final int ROUNDS = 16;
  private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final Connection connection;
  private final String name;
  private final Consumer<IOException> onFailure;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition room = lock.newCondition();
  private final Condition handedOver = lock.newCondition();
  private final ArrayDeque<ByteBuffer> queue = new ArrayDeque<>();
  private int queued;
  private int nextStreamId = 1;

  /** Somebody is writing: a caller or, if {@link #threadsTurn}, the writer's thread. */
  private boolean busy;

  private boolean threadsTurn;
  private @Nullable Thread thread;
  private @Nullable IOException failure;

  /** Frames gathered for one system call; belongs to whoever is busy. */
  private final ByteBuffer batch = ByteBuffer.allocateDirect(BATCH);

  /** A large frame that was taken from the queue; belongs to whoever is busy. */
  private @Nullable ByteBuffer current;

  FrameWriter(Connection connection, String name, Consumer<IOException> onFailure) {
    this.connection = connection;
    this.name = name;
    this.onFailure = onFailure;
    batch.limit(0);
  }

  private static int cost(ByteBuffer frame) {
    return frame.remaining() + FRAME_COST;
  }

  private String unread() {
    return "the peer does not read: more than " + MAX_QUEUED + " bytes are waiting for it";
  }

  /** Queues a frame of an existing stream and writes it if nobody else does. */
  void send(ByteBuffer frame) throws IOException, InterruptedException {
    try {
      enqueue(frame, null, 0);
    } catch (TimeoutException e) {
      throw new IOException(unread(), e);
    }
  }

  /**
   * Queues a request. Its stream id is drawn while the place in the queue is taken: servers reject
   * ids that do not grow.
   *
   * @param register gets the new id before anything is sent
   * @param nanos the longest wait for room in the queue, 0 for {@link #LONGEST_WAIT}
   */
  void sendRequest(ByteBuffer frame, IntConsumer register, long nanos)
      throws IOException, InterruptedException, TimeoutException {
    enqueue(frame, register, nanos);
  }

  private void enqueue(ByteBuffer frame, @Nullable IntConsumer register, long nanos)
      throws IOException, InterruptedException, TimeoutException {
    lock.lock();
    try {
      long left = nanos == 0 ? LONGEST_WAIT.toNanos() : nanos;
      while (failure == null && queued > MAX_QUEUED) {
        if ((left = room.awaitNanos(left)) <= 0) {
          throw new TimeoutException(unread());
        }
      }
      if (failure != null) {
        throw failure;
      }
      if (register != null) {
        frame.putInt(4, nextStreamId);
        register.accept(nextStreamId);
        nextStreamId += 2;
      }
      queue.add(frame);
      queued += cost(frame);
      if (busy) {
        return;
      }
      busy = true;
    } finally {
      lock.unlock();
    }
    writeAsCaller();
  }

  private void writeAsCaller() {
    try {
      for (int round = 0; round < ROUNDS; round++) {
        if (!gather()) {
          return;
        }
        ByteBuffer next = current != null ? current : batch;
        connection.writeAvailable(next);
        if (next.hasRemaining()) {
          break;
        }
        current = null;
      }
      handOver();
    } catch (IOException | RuntimeException e) {
      fail(broken(e));
    } catch (Error e) {
      // Whoever is busy alone may write: without it nothing would be written any more.
      OwnedThreads.tell("writing of " + name, e, problem -> fail(broken(problem)));
    }
  }

  private static IOException broken(Throwable cause) {
    return cause instanceof IOException io ? io : new IOException(cause.toString(), cause);
  }

  /** Fills {@link #batch} or {@link #current}; false, and no longer busy, if nothing is queued. */
  private boolean gather() {
    if (current != null || batch.hasRemaining()) {
      return true;
    }
    batch.clear();
    lock.lock();
    try {
      int before = queued;
      ByteBuffer head;
      while ((head = queue.peek()) != null && head.remaining() <= batch.remaining()) {
        queued -= cost(head);
        batch.put(queue.remove());
      }
      batch.flip();
      if (!batch.hasRemaining() && head != null) {
        current = queue.remove();
        queued -= cost(head);
      }
      if (before > MAX_QUEUED && queued <= MAX_QUEUED) {
        room.signalAll();
      }
      if (current == null && !batch.hasRemaining()) {
        busy = false;
        return false;
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void handOver() {
    lock.lock();
    try {
      threadsTurn = true;
      if (thread == null) {
        thread =
            OwnedThreads.start(
                "ttrpc-writer-" + name, this::runThread, problem -> fail(broken(problem)));
      } else {
        handedOver.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  private void runThread() {
    while (awaitTurn()) {
      try {
        while (gather()) {
          ByteBuffer next = current != null ? current : batch;
          connection.write(next);
          current = null;
        }
      } catch (IOException | RuntimeException e) {
        fail(broken(e));
      }
    }
  }

  private boolean awaitTurn() {
    lock.lock();
    try {
      long left = IDLE_NANOS;
      while (!threadsTurn && failure == null && left > 0) {
        left = handedOver.awaitNanos(left);
      }
      if (!threadsTurn || failure != null) {
        thread = null;
        return false;
      }
      threadsTurn = false;
      return true;
    } catch (InterruptedException e) {
      // Nobody interrupts this thread; if somebody does, it ends like an idle one.
      thread = null;
      return false;
    } finally {
      lock.unlock();
    }
  }

  private void fail(IOException e) {
    stop(e);
    onFailure.accept(e);
  }

  /** Drops what is queued; later frames are refused with the reason. */
  void stop(IOException reason) {
    lock.lock();
    try {
      if (failure == null) {
        failure = reason;
        queue.clear();
        room.signalAll();
        handedOver.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Waits for the writer's thread, if it has one, to end after {@link #stop}. */
  void join(long millis) throws InterruptedException {
    Thread running;
    lock.lock();
    try {
      running = thread;
    } finally {
      lock.unlock();
    }
    if (running != null && running != Thread.currentThread()) {
      running.join(millis);
    }
  }
}
