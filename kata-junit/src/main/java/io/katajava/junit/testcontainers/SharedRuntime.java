package io.katajava.junit.testcontainers;

import io.katajava.Kata;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The runtime of all containers that were given none; closed by the end of the JVM. */
final class SharedRuntime {
  private static final ReentrantLock LOCK = new ReentrantLock();
  private static @Nullable Kata kata;

  private SharedRuntime() {}

  static Kata get() {
    LOCK.lock();
    try {
      Kata known = kata;
      if (known == null) {
        known = Kata.create();
        kata = known;
      }
      return known;
    } finally {
      LOCK.unlock();
    }
  }
}
