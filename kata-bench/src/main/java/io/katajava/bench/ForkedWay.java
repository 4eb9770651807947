package io.katajava.bench;

import io.katajava.Birth;
import io.katajava.Sandbox;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/** Copies of a running sandbox: {@code fork(1)} to the copy's first output. */
final class ForkedWay extends CopiedWay {
  ForkedWay(Subject subject) throws IOException {
    super(subject);
  }

  @Override
  public String name() {
    return "fork to the copy's first output";
  }

  @Override
  public StartBench.Start start() throws IOException {
    Instant begin = Instant.now();
    try (Sandbox copy = parent().fork(1).get(0)) {
      TemplateGround.require(copy, Birth.Kind.FORK);
      Instant there = Instant.now();
      copy.exec("uname").orThrow();
      Instant end = Instant.now();
      Map<String, Duration> phases = new LinkedHashMap<>();
      phases.put("fork", Duration.between(begin, there));
      phases.put("first-output", Duration.between(there, end));
      copy.birth().pause().ifPresent(pause -> phases.put("parent stands still", pause));
      return new StartBench.Start(begin, end, phases);
    }
  }
}
