package io.katajava.internal.sandbox;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Counts the commands that run in a sandbox. */
final class Activity {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition none = lock.newCondition();
  private int running;
  private long begun;
  private long lastNanos = System.nanoTime();

  void enter() {
    lock.lock();
    try {
      running++;
      begun++;
      lastNanos = System.nanoTime();
    } finally {
      lock.unlock();
    }
  }

  void leave() {
    lock.lock();
    try {
      running--;
      lastNanos = System.nanoTime();
      if (running == 0) {
        none.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** How many commands there were so far. */
  long begun() {
    lock.lock();
    try {
      return begun;
    } finally {
      lock.unlock();
    }
  }

  /** For how long nothing has run; zero while something does. */
  Duration idle() {
    lock.lock();
    try {
      return running > 0 ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - lastNanos);
    } finally {
      lock.unlock();
    }
  }

  /** Whether nothing runs, at the latest at this {@link System#nanoTime}. */
  boolean awaitNone(long deadline) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long left = deadline - System.nanoTime();
      while (running > 0) {
        if (left <= 0) {
          return false;
        }
        left = none.awaitNanos(left);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }
}
