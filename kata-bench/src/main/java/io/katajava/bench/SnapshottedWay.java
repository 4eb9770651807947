package io.katajava.bench;

import io.katajava.Birth;
import io.katajava.Kata;
import io.katajava.Sandbox;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Snapshots of a running sandbox: {@code restore} to first output, and the taking beside it. */
final class SnapshottedWay extends TemplatedWay {
  private final Kata kata;
  private final Sandbox parent;

  SnapshottedWay(Subject subject) throws IOException {
    super(subject);
    kata = subject.kata();
    boolean started = false;
    try {
      parent = TemplateGround.builder(kata, subject.memory()).start();
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
    return "snapshot, restore to first output";
  }

  @Override
  public StartBench.Start start() throws IOException {
    Path above = Files.createTempDirectory("kata-bench-");
    try {
      Path directory = above.resolve("snapshot");
      Instant asked = Instant.now();
      parent.snapshot(directory);
      Instant begin = Instant.now();
      try (Sandbox restored = kata.restore(directory)) {
        TemplateGround.require(restored, Birth.Kind.SNAPSHOT);
        Instant there = Instant.now();
        restored.exec("uname").orThrow();
        Instant end = Instant.now();
        Map<String, Duration> phases = new LinkedHashMap<>();
        phases.put("snapshot, before", Duration.between(asked, begin));
        phases.put("restore", Duration.between(begin, there));
        phases.put("first-output", Duration.between(there, end));
        return new StartBench.Start(begin, end, phases);
      }
    } finally {
      remove(above);
    }
  }

  private static void remove(Path tree) throws IOException {
    List<Path> all;
    try (Stream<Path> files = Files.walk(tree)) {
      all = files.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path file : all) {
      Files.delete(file);
    }
  }

  @Override
  public void close() {
    kata.close();
  }
}
