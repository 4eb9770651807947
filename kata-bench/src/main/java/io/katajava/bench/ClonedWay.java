package io.katajava.bench;

import io.katajava.Birth;
import io.katajava.Kata;
import io.katajava.MemorySize;
import io.katajava.Sandbox;
import java.io.IOException;
import java.time.Instant;

/** Clones: {@code Kata.create()} to first output. */
final class ClonedWay extends TemplatedWay {
  private final MemorySize memory;

  ClonedWay(MemorySize memory) {
    super(memory);
    this.memory = memory;
  }

  @Override
  public String name() {
    return "template, create to first output";
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
}
