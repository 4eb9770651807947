package io.katajava.bench;

import io.katajava.Birth;
import io.katajava.Sandbox;
import io.katajava.base.files.TreeRemoval;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/** Snapshots of a running sandbox: {@code restore} to first output, and the taking beside it. */
final class SnapshottedWay extends CopiedWay {
  SnapshottedWay(Subject subject) throws IOException {
    super(subject);
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
      parent().snapshot(directory);
      Instant begin = Instant.now();
      try (Sandbox restored = kata().restore(directory)) {
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
      TreeRemoval.of(above);
    }
  }
}
