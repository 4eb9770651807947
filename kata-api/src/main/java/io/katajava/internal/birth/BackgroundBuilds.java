package io.katajava.internal.birth;

import io.katajava.Deadline;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Builds that nobody waits for, until the runtime ends: then they are interrupted and awaited. */
final class BackgroundBuilds {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition fewer = lock.newCondition();
  private final Set<Thread> running = new HashSet<>();
  private boolean ended;

  /** On the thread of the build; does nothing after the end. */
  void run(Runnable build) {
    Thread self = Thread.currentThread();
    lock.lock();
    try {
      if (ended) {
        return;
      }
      running.add(self);
    } finally {
      lock.unlock();
    }
    try {
      build.run();
    } finally {
      lock.lock();
      try {
        running.remove(self);
        fewer.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  /**
   * Ends those under way.
   *
   * @return whether all have ended within the time, and removed what they had
   */
  boolean end(Duration limit) throws InterruptedException {
    Deadline deadline = Deadline.after(limit);
    lock.lock();
    try {
      ended = true;
      running.forEach(Thread::interrupt);
      while (!running.isEmpty()) {
        if (fewer.awaitNanos(deadline.remaining().toNanos()) <= 0 && deadline.isExpired()) {
          return false;
        }
      }
      return true;
    } finally {
      lock.unlock();
    }
  }
}
