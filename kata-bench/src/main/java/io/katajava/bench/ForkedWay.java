package io.katajava.bench;

import io.katajava.Birth;
import io.katajava.Kata;
import io.katajava.MemorySize;
import io.katajava.Sandbox;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Copies of a running sandbox: {@code fork(1)} to the copy's first output. */
final class ForkedWay implements StartBench.Way {
  private static final Pattern PAUSE = Pattern.compile("stood still for (\\d+) ms");

  private final TemplateGround ground;
  private final Kata kata;
  private final Sandbox parent;

  ForkedWay(MemorySize memory) {
    ground = TemplateGround.of(memory);
    kata = Kata.create();
    boolean started = false;
    try {
      parent = TemplateGround.builder(kata, memory).start();
      parent.exec("uname").orThrow();
      started = true;
    } finally {
      if (!started) {
        kata.close();
      }
    }
  }

  @Override
  public String name() {
    return "fork to the copy's first output";
  }

  @Override
  public void prepare(int starts) {
    // The parent runs.
  }

  @Override
  public StartBench.Start start() throws IOException {
    Instant begin = Instant.now();
    try (Sandbox copy = parent.fork(1).get(0)) {
      TemplateGround.require(copy, Birth.Kind.FORK);
      Instant there = Instant.now();
      copy.exec("uname").orThrow();
      Instant end = Instant.now();
      Map<String, Duration> phases = new LinkedHashMap<>();
      phases.put("fork", Duration.between(begin, there));
      phases.put("first-output", Duration.between(there, end));
      Matcher pause = PAUSE.matcher(copy.birth().why());
      if (pause.find()) {
        phases.put("parent stands still", Duration.ofMillis(Long.parseLong(pause.group(1))));
      }
      return new StartBench.Start(begin, end, phases);
    }
  }

  @Override
  public String floorName() {
    return "bare QEMU, state of a template to reply";
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
    kata.close();
  }
}
