package io.katajava.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import io.katajava.BirthPolicy;
import io.katajava.Sandbox;
import io.katajava.SandboxBuilder;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.platform.engine.UniqueId;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;
import org.junit.platform.testkit.engine.EventType;

/**
 * What a test method costs that does nothing but have a sandbox, told on standard output; {@code
 * -Dkata.test.rounds=20} for figures.
 */
class OverheadIT {
  private static final int ROUNDS = Integer.getInteger("kata.test.rounds", 2);

  static IntStream rounds() {
    return IntStream.range(0, ROUNDS);
  }

  static class Without {
    @ParameterizedTest
    @MethodSource("io.katajava.junit.OverheadIT#rounds")
    void has(int round) {
      assertThat(round).isNotNegative();
    }
  }

  @Sandboxed(lifecycle = SandboxLifecycle.PER_CLASS)
  static class Shared {
    @BeforeAll
    static void start(Sandbox sandbox) {
      assertThat(sandbox.id()).isNotEmpty();
    }

    @ParameterizedTest
    @MethodSource("io.katajava.junit.OverheadIT#rounds")
    void has(int round, Sandbox sandbox) {
      assertThat(sandbox.id()).isNotEmpty();
    }
  }

  @Sandboxed(lifecycle = SandboxLifecycle.FORK)
  static class Forked {
    @BeforeAll
    static void start(Sandbox sandbox) {
      assertThat(sandbox.exec("true").isSuccess()).isTrue();
    }

    @ParameterizedTest
    @MethodSource("io.katajava.junit.OverheadIT#rounds")
    void has(int round, Sandbox sandbox) {
      assertThat(sandbox.id()).isNotEmpty();
    }
  }

  @Sandboxed(lifecycle = SandboxLifecycle.PER_METHOD)
  static class Fresh {
    /** Whatever templates this machine has. */
    @KataSettings
    static final Consumer<SandboxBuilder> BOOTED = sandbox -> sandbox.birth(BirthPolicy.COLD);

    @ParameterizedTest
    @MethodSource("io.katajava.junit.OverheadIT#rounds")
    void has(int round, Sandbox sandbox) {
      assertThat(sandbox.id()).isNotEmpty();
    }
  }

  @Test
  void sandboxes_costWhatTheyCost() {
    for (Class<?> one : List.of(Without.class, Shared.class, Forked.class, Fresh.class)) {
      List<Duration> times = times(one);
      assertThat(times).hasSize(ROUNDS);
      System.out.printf(
          "%s: min %.1f, median %.1f, max %.1f ms%n",
          one.getSimpleName(),
          millis(times.get(0)),
          millis(times.get(times.size() / 2)),
          millis(times.get(times.size() - 1)));
    }
  }

  private static double millis(Duration time) {
    return time.toNanos() / 1e6;
  }

  /** From the start of each test to its end, its sandbox's included; shortest first. */
  private static List<Duration> times(Class<?> testClass) {
    Map<UniqueId, Instant> started = new HashMap<>();
    List<Duration> times = new ArrayList<>();
    for (Event event :
        EngineTestKit.engine("junit-jupiter")
            .selectors(selectClass(testClass))
            .execute()
            .testEvents()
            .list()) {
      UniqueId id = event.getTestDescriptor().getUniqueId();
      if (event.getType() == EventType.STARTED) {
        started.put(id, event.getTimestamp());
      } else if (event.getType() == EventType.FINISHED) {
        times.add(
            Duration.between(started.getOrDefault(id, event.getTimestamp()), event.getTimestamp()));
      }
    }
    times.sort(null);
    return times;
  }
}
