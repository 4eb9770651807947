package io.katajava.bench;

import io.katajava.Birth;
import io.katajava.Kata;
import io.katajava.MemorySize;
import io.katajava.Sandbox;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;

/** Clones: {@code Kata.create()} to first output, beside a bare QEMU with the same state. */
final class ClonedWay implements StartBench.Way {
  private final MemorySize memory;
  private final TemplateGround ground;

  ClonedWay(MemorySize memory) {
    this.memory = memory;
    this.ground = TemplateGround.of(memory);
  }

  @Override
  public String name() {
    return "template, create to first output";
  }

  @Override
  public void prepare(int starts) {
    // The template is there.
  }

  @Override
  public StartBench.Start start() throws IOException {
    Instant begin = Instant.now();
    try (Kata kata = Kata.create();
        Sandbox sandbox = TemplateGround.builder(kata, memory).start()) {
      sandbox.exec("uname").orThrow();
      TemplateGround.require(sandbox, Birth.Kind.TEMPLATE);
      return StartBench.Start.of(begin, sandbox.timeline());
    }
  }

  @Override
  public String floorName() {
    return "bare QEMU, state to reply";
  }

  @Override
  public Duration floor() throws IOException, InterruptedException {
    return ground.floor().run();
  }

  @Override
  public Map<String, String> conditions() {
    return ground.conditions();
  }

  @Override
  public void close() {
    // Nothing of its own.
  }
}
