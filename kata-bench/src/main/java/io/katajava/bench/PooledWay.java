package io.katajava.bench;

import io.katajava.Kata;
import io.katajava.Sandbox;
import io.katajava.SandboxPool;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;

/** Borrowed from a pool that is full: {@code borrow()} to first output. */
final class PooledWay extends TemplatedWay {
  private static final Duration LIMIT = Duration.ofMinutes(5);

  private final Kata kata;
  private final SandboxPool pool;

  PooledWay(Subject subject, int parallel) throws IOException {
    super(subject);
    kata = subject.kata();
    boolean opened = false;
    try {
      pool =
          kata.pool()
              .sandbox(
                  sandbox ->
                      sandbox
                          .birth(io.katajava.BirthPolicy.TEMPLATE_ON_DEMAND)
                          .memory(subject.memory())
                          .image("busybox"))
              .minimumIdle(Math.max(2, parallel))
              .maximum(4 * Math.max(2, parallel))
              .build();
      opened = true;
    } finally {
      if (!opened) {
        kata.close();
      }
    }
  }

  @Override
  public String name() {
    return "borrow to first output";
  }

  @Override
  public void prepare(int starts) throws IOException {
    if (!pool.awaitIdle(LIMIT)) {
      throw new IOException("the pool is not full after " + LIMIT + ": " + pool.statistics());
    }
  }

  @Override
  public StartBench.Start start() {
    Instant begin = Instant.now();
    try (Sandbox sandbox = pool.borrow()) {
      Instant borrowed = Instant.now();
      sandbox.exec("uname").orThrow();
      Instant end = Instant.now();
      return new StartBench.Start(
          begin,
          end,
          Map.of(
              "borrow",
              Duration.between(begin, borrowed),
              "first-output",
              Duration.between(borrowed, end)));
    }
  }

  @Override
  public String floorName() {
    return "";
  }

  @Override
  public Duration floor() {
    throw new IllegalStateException("a full pool has no floor");
  }

  @Override
  public void close() {
    pool.close();
    kata.close();
  }
}
