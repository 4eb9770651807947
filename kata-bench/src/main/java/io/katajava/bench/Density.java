package io.katajava.bench;

import io.katajava.BirthPolicy;
import io.katajava.Kata;
import io.katajava.KataDirectories;
import io.katajava.MemorySize;
import io.katajava.Sandbox;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;

/**
 * Many idle sandboxes at once: what each takes, beside a bare machine that has nothing to do, and
 * how long it takes until nothing is left of them.
 */
final class Density {
  private final int count;
  private final MemorySize memory;
  private final BirthPolicy birth;
  private final Duration watched;
  private int leftBehind;

  Density(int count, MemorySize memory, BirthPolicy birth, Duration watched) {
    this.count = count;
    this.memory = memory;
    this.birth = birth;
    this.watched = watched;
  }

  BenchReport run() throws IOException, InterruptedException {
    Path state = KataDirectories.fromEnvironment().state();
    List<Sandbox> sandboxes = new ArrayList<>();
    List<Long> pids = new ArrayList<>();
    List<Path> directories = new ArrayList<>();
    Use ours;
    Use bare;
    double started;
    double ended;
    try (Kata kata = Kata.create();
        Floor floor = new Floor()) {
      try {
        long begin = System.nanoTime();
        for (int i = 0; i < count; i++) {
          Sandbox sandbox = kata.sandbox().birth(birth).memory(memory).start();
          sandboxes.add(sandbox);
          pids.add(sandbox.hypervisorPid());
          directories.add(state.resolve(sandbox.id()));
        }
        started = (System.nanoTime() - begin) / 1e9;
        ours = Use.of(pids, watched);
        List<Use> uses = new ArrayList<>();
        floor
            .machine(bootingCommand(kata))
            .run(qemu -> uses.add(Use.of(List.of(qemu.pid()), watched)));
        bare = uses.get(0);
      } finally {
        long begin = System.nanoTime();
        CompletableFuture.allOf(
                sandboxes.stream()
                    .map(sandbox -> CompletableFuture.runAsync(sandbox::close))
                    .toArray(CompletableFuture[]::new))
            .join();
        ended = (System.nanoTime() - begin) / 1e9;
      }
    }
    for (long pid : pids) {
      leftBehind += ProcessUse.runs(pid) ? 1 : 0;
    }
    for (Path directory : directories) {
      leftBehind += Files.exists(directory) ? 1 : 0;
    }
    return report(ours, bare, started, ended);
  }

  /** Clones name no kernel. */
  private List<String> bootingCommand(Kata kata) {
    try (Sandbox booted = kata.sandbox().birth(BirthPolicy.COLD).memory(memory).start()) {
      return booted.commandLine();
    }
  }

  /** Processes and directories that are still there after the end. */
  int leftBehind() {
    return leftBehind;
  }

  private BenchReport report(Use ours, Use bare, double started, double ended) {
    Comparison mebibytes =
        new Comparison("proportional memory, each", "MiB", "one bare QEMU, idle");
    Comparison processor = new Comparison("processor, each", "% of one", "one bare QEMU, idle");
    for (int i = 0; i < count; i++) {
      mebibytes.add(ours.mebibytes().get(i), bare.mebibytes().get(0));
      processor.add(ours.percent().get(i), bare.percent().get(0));
    }
    return new BenchReport(count + " idle sandboxes at once, " + memory + " of guest memory each")
        .condition("birth", birth.toString())
        .condition("processor time watched", watched.toSeconds() + " s")
        .add(mebibytes)
        .add(processor)
        .value("all started in", String.format(Locale.ROOT, "%.1f s, one by one", started))
        .value("all closed in", String.format(Locale.ROOT, "%.1f s", ended))
        .value("left behind", Integer.toString(leftBehind));
  }

  /** What processes take, in the order they were named. */
  private record Use(List<Double> mebibytes, List<Double> percent) {
    static Use of(List<Long> pids, Duration watched) throws IOException, InterruptedException {
      List<Double> before = new ArrayList<>();
      for (long pid : pids) {
        before.add(ProcessUse.processorSeconds(pid));
      }
      long begin = System.nanoTime();
      Thread.sleep(watched.toMillis());
      double passed = (System.nanoTime() - begin) / 1e9;
      List<Double> percent = new ArrayList<>();
      List<Double> mebibytes = new ArrayList<>();
      for (int i = 0; i < pids.size(); i++) {
        double used = ProcessUse.processorSeconds(pids.get(i)) - before.get(i);
        percent.add(100 * used / passed);
        mebibytes.add(ProcessUse.proportionalMebibytes(pids.get(i)));
      }
      return new Use(mebibytes, percent);
    }
  }
}
