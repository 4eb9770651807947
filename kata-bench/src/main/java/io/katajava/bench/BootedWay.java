package io.katajava.bench;

import io.katajava.BirthPolicy;
import io.katajava.Kata;
import io.katajava.Sandbox;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Boots: {@code Kata.create()} to first output, beside the bare machine's line on the console. */
final class BootedWay implements StartBench.Way {
  private final Subject subject;
  private final Floor floor = new Floor();
  private volatile @Nullable FloorMachine machine;
  private volatile String kernel = "not told";

  BootedWay(Subject subject) throws IOException {
    this.subject = subject;
  }

  @Override
  public String name() {
    return "cold, create to first output";
  }

  @Override
  public void prepare(int starts) {
    // Nothing is kept from one start to the next.
  }

  @Override
  public StartBench.Start start() {
    Instant begin = Instant.now();
    try (Kata kata = subject.kata();
        Sandbox sandbox =
            kata.sandbox()
                .birth(BirthPolicy.COLD)
                .memory(subject.memory())
                .image("busybox")
                .start()) {
      sandbox.exec("uname").orThrow();
      if (machine == null) {
        machine = floor.machine(sandbox.commandLine());
        kernel = Kernels.of(sandbox);
      }
      return StartBench.Start.of(begin, sandbox.timeline());
    }
  }

  @Override
  public String floorName() {
    return "bare QEMU";
  }

  @Override
  public Duration floor() throws IOException, InterruptedException {
    FloorMachine known = machine;
    if (known == null) {
      throw new IllegalStateException("the floor has the command line of a start before it");
    }
    return known.run();
  }

  @Override
  public Map<String, String> conditions() {
    return Map.of("guest kernel", kernel, "guest memory", subject.memory().toString());
  }

  @Override
  public void close() throws IOException {
    floor.close();
  }
}
