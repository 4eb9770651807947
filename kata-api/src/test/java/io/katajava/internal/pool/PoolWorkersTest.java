package io.katajava.internal.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the end of a pool waits for. */
class PoolWorkersTest {
  @Test
  @Timeout(30)
  void end_doesNotWaitForWhatIsPlannedForLater() {
    PoolWorkers workers = new PoolWorkers(1);
    AtomicBoolean ran = new AtomicBoolean();
    AtomicBoolean planned = new AtomicBoolean();
    workers.later(() -> planned.set(true), Duration.ofSeconds(50));
    workers.run(() -> ran.set(true));
    workers.end();
    assertThat(ran).isTrue();
    assertThat(planned).isFalse();
  }
}
