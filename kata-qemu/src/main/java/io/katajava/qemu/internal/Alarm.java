package io.katajava.qemu.internal;

import io.katajava.base.threads.Timer;
import java.time.Duration;
import java.util.concurrent.ScheduledFuture;

/** One timer for what must end when a wait takes too long; its thread goes when it is idle. */
final class Alarm {
  private static final Timer TIMER =
      new Timer("kata-qemu-timer", Duration.ofSeconds(5), problem -> {});

  private Alarm() {}

  static ScheduledFuture<?> after(Duration delay, Runnable action) {
    return TIMER.after(delay, action);
  }
}
