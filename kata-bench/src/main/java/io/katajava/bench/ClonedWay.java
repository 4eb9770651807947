package io.katajava.bench;

import io.katajava.Birth;
import io.katajava.Kata;
import io.katajava.Sandbox;
import java.io.IOException;
import java.time.Instant;

/** Clones: {@code Kata.create()} to first output. */
final class ClonedWay extends TemplatedWay {
  private final Subject subject;

  ClonedWay(Subject subject) throws IOException {
    super(subject);
    this.subject = subject;
  }

  @Override
  public String name() {
    return "template, create to first output";
  }

  @Override
  public StartBench.Start start() throws IOException {
    Instant begin = Instant.now();
    try (Kata kata = subject.kata();
        Sandbox sandbox = TemplateGround.builder(kata, subject.memory()).start()) {
      sandbox.exec("uname").orThrow();
      TemplateGround.require(sandbox, Birth.Kind.TEMPLATE);
      return StartBench.Start.of(begin, sandbox.timeline());
    }
  }
}
