package io.katajava.internal.birth;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class BackgroundBuildsTest {
  private static final Duration LONG = Duration.ofSeconds(40);

  private final BackgroundBuilds builds = new BackgroundBuilds();
  private final CountDownLatch begun = new CountDownLatch(1);
  private final CountDownLatch forever = new CountDownLatch(1);

  @Test
  void end_whileOneRuns_interruptsItAndWaitsUntilItHasCleanedUp() throws Exception {
    AtomicBoolean cleaned = new AtomicBoolean();
    Thread builder =
        new Thread(
            () ->
                builds.run(
                    () -> {
                      begun.countDown();
                      try {
                        forever.await();
                      } catch (InterruptedException e) {
                        cleaned.set(true);
                      }
                    }));
    builder.start();
    begun.await();
    assertThat(builds.end(LONG)).isTrue();
    assertThat(cleaned).isTrue();
    builder.join();
  }

  @Test
  void end_oneThatDoesNotEnd_waitsNoLongerThanTheLimit() throws Exception {
    AtomicBoolean over = new AtomicBoolean();
    Thread builder =
        new Thread(
            () ->
                builds.run(
                    () -> {
                      begun.countDown();
                      while (!over.get()) {
                        try {
                          over.set(forever.await(LONG.toSeconds(), TimeUnit.SECONDS));
                        } catch (InterruptedException e) {
                          over.set(false);
                        }
                      }
                    }));
    builder.start();
    begun.await();
    assertThat(builds.end(Duration.ofMillis(20))).isFalse();
    forever.countDown();
    assertThat(builds.end(LONG)).isTrue();
    builder.join();
  }

  @Test
  void run_afterTheEnd_doesNothing() throws Exception {
    assertThat(builds.end(LONG)).isTrue();
    builds.run(
        () -> {
          throw new AssertionError("it was run");
        });
  }
}
