package io.katajava.qmp;

import io.katajava.base.threads.OwnedThreads;
import io.katajava.transport.Connection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Who reads from a connection. Always there is a thread of its own for it. But a reply that goes
 * through that thread wakes two threads, one after the other; so after it has served a caller that
 * waited, the thread stands back for a moment, and a caller that comes in that moment reads until
 * its own reply is there. Nothing depends on it: whoever finds the turn taken simply waits.
 */
final class Reading {
  /** What is done with what was read; never at the same time by two threads. */
  interface Receiver {
    void received(byte[] bytes, MessageFramer.Slice slice);

    void ended(Throwable cause);

    /** Whether nobody waits for a reply. */
    boolean isIdle();
  }

  private static final int READ_SIZE = 64 * 1024;

  /**
   * A caller whose reply takes longer leaves the reading to the thread: it cannot be interrupted.
   */
  private static final int TURN_MILLIS = 2;

  /** How long the thread stands back for the next caller. Events wait that long at most. */
  private static final long STAND_BACK_NANOS = 1_000_000;

  private final Connection connection;
  private final MessageFramer framer;
  private final Receiver receiver;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(READ_SIZE);

  /** Held by whoever reads. */
  private final ReentrantLock turn = new ReentrantLock();

  private final AtomicInteger turnsOfCallers = new AtomicInteger();
  private volatile boolean standsBack;
  private volatile boolean callerServed;
  private volatile @Nullable Thread thread;

  Reading(Connection connection, MessageFramer framer, Receiver receiver) {
    this.connection = connection;
    this.framer = framer;
    this.receiver = receiver;
  }

  void start(String threadName) {
    Thread reader = OwnedThreads.make(threadName, this::run, problem -> receiver.ended(problem));
    thread = reader;
    reader.start();
  }

  private void run() {
    while (read()) {
      if (callerServed) {
        callerServed = false;
        standBack();
      }
    }
  }

  private static Throwable broken(Throwable problem) {
    return problem instanceof OutOfMemoryError
        ? new IOException(
            "there is not enough memory for a message of the peer; lower maxMessageBytes, or give"
                + " the JVM a larger heap",
            problem)
        : problem;
  }

  private void standBack() {
    standsBack = true;
    int seen;
    do {
      seen = turnsOfCallers.get();
      // Asked after the flag is up: whoever sends later sees the flag.
      if (!receiver.isIdle() && !turn.isLocked()) {
        break;
      }
      LockSupport.parkNanos(this, STAND_BACK_NANOS);
    } while (standsBack && (turn.isLocked() || turnsOfCallers.get() != seen));
    standsBack = false;
  }

  /** Tells that a reply went to a caller that waits for it. */
  void served() {
    callerServed = true;
  }

  /** Has the thread read again, because something is awaited that no caller reads. */
  void resume() {
    if (standsBack) {
      standsBack = false;
      LockSupport.unpark(thread);
    }
  }

  /** Reads until the call is answered, if the turn is to be had; the caller waits in any case. */
  void takeTurn(PendingCall call, long deadline) {
    if (!standsBack || !turn.tryLock()) {
      return;
    }
    try {
      turnsOfCallers.incrementAndGet();
      boolean more = true;
      while (more && !call.reply.isDone() && !Thread.currentThread().isInterrupted()) {
        more = System.nanoTime() - deadline < 0 && connection.awaitReadable(TURN_MILLIS) && read();
      }
    } catch (IOException e) {
      receiver.ended(e);
    } finally {
      turn.unlock();
    }
    if (!receiver.isIdle()) {
      resume();
    }
  }

  /** Reads once; false when there will be nothing more. */
  private boolean read() {
    turn.lock();
    try {
      if (connection.read(buffer.clear()) < 0) {
        receiver.ended(
            new IOException(
                framer.isInside()
                    ? "the peer hung up in the middle of a message"
                    : "the peer hung up"));
        return false;
      }
      framer.append(buffer.flip());
      for (MessageFramer.Slice slice = framer.next(); slice != null; slice = framer.next()) {
        receiver.received(framer.bytes(), slice);
      }
      return true;
    } catch (IOException | RuntimeException e) {
      receiver.ended(e);
    } catch (Error e) {
      // Part of a message may be lost with it, so nobody can read on from here.
      OwnedThreads.tell(
          "reading from " + connection.describe(), e, problem -> receiver.ended(broken(problem)));
    } finally {
      turn.unlock();
    }
    return false;
  }
}
