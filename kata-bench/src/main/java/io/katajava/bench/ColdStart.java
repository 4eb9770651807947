package io.katajava.bench;

import io.katajava.Kata;
import io.katajava.MemorySize;
import io.katajava.Sandbox;
import io.katajava.SandboxTimeline;
import io.katajava.StartPhase;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Cold starts in pairs with the floor: {@code Kata.create()} to the first output of {@code uname},
 * then the bare machine to its line on the console.
 */
final class ColdStart {
  private final int pairs;
  private final MemorySize memory;
  private final PrintWriter out;
  private final Samples ours = new Samples();
  private final Samples floor = new Samples();
  private final Samples ratio = new Samples();
  private final Map<StartPhase, Samples> phases = new EnumMap<>(StartPhase.class);

  ColdStart(int pairs, MemorySize memory, PrintWriter out) {
    this.pairs = pairs;
    this.memory = memory;
    this.out = out;
  }

  void run() throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory("kata-bench-");
    Path initrd = directory.resolve("floor.cpio");
    try {
      FloorInitrd.write(initrd);
      // One pair that is not counted: page cache, class loading, a guest not built yet.
      FloorMachine machine = new FloorMachine(start(false), initrd);
      machine.run();
      for (int i = 0; i < pairs; i++) {
        start(true);
        floor.add(machine.run());
        ratio.addMillis(ours.get(i) / floor.get(i));
      }
    } finally {
      Files.deleteIfExists(initrd);
      Files.deleteIfExists(directory);
    }
    print();
  }

  private List<String> start(boolean counted) {
    Instant begin = Instant.now();
    try (Kata kata = Kata.create();
        Sandbox sandbox = kata.sandbox().memory(memory).image("busybox").start()) {
      sandbox.exec("uname").orThrow();
      if (counted) {
        SandboxTimeline timeline = sandbox.timeline();
        SandboxTimeline.Span first = timeline.span(StartPhase.FIRST_OUTPUT).orElseThrow();
        Duration create = Duration.between(begin, timeline.begin());
        ours.add(create.plus(first.offset()).plus(first.duration()));
        timeline
            .spans()
            .forEach(
                span ->
                    phases
                        .computeIfAbsent(span.phase(), phase -> new Samples())
                        .add(span.duration()));
      }
      return sandbox.commandLine();
    }
  }

  private void print() {
    out.printf(Locale.ROOT, "cold start, %d pairs, %s of guest memory%n%n", ours.count(), memory);
    out.print(Samples.header("milliseconds"));
    out.print(ours.toRow("create to first output"));
    out.print(floor.toRow("floor: bare QEMU"));
    out.printf(
        Locale.ROOT,
        "%nratio: %.3f of the medians, %.3f median of the pairs%n%n",
        ours.median() / floor.median(),
        ratio.median());
    out.print(Samples.header("phase, milliseconds"));
    phases.forEach((phase, samples) -> out.print(samples.toRow(phase.label())));
    out.flush();
  }
}
