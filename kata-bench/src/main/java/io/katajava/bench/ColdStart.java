package io.katajava.bench;

import io.katajava.Choice;
import io.katajava.Kata;
import io.katajava.MemorySize;
import io.katajava.Sandbox;
import io.katajava.SandboxTimeline;
import io.katajava.StartPhase;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Cold starts in pairs with the floor: {@code Kata.create()} to the first output of {@code uname},
 * then the bare machine to its line on the console. Several at once: until the last has its output.
 */
final class ColdStart {
  private final int pairs;
  private final int parallel;
  private final MemorySize memory;

  ColdStart(int pairs, int parallel, MemorySize memory) {
    this.pairs = pairs;
    this.parallel = parallel;
    this.memory = memory;
  }

  /** How one start went. */
  private record Start(
      Instant begin, SandboxTimeline timeline, List<String> command, String kernel) {

    Instant firstOutput() {
      SandboxTimeline.Span first = timeline.span(StartPhase.FIRST_OUTPUT).orElseThrow();
      return timeline.begin().plus(first.offset()).plus(first.duration());
    }

    Duration toFirstOutput() {
      return Duration.between(begin, firstOutput());
    }
  }

  BenchReport run() throws IOException, InterruptedException {
    Comparison comparison =
        parallel == 1
            ? new Comparison("create to first output", "milliseconds", "bare QEMU")
            : new Comparison(
                parallel + " starts at once", "milliseconds", parallel + " bare QEMU at once");
    String kernel;
    ExecutorService threads = Executors.newFixedThreadPool(parallel);
    try (Floor floor = new Floor()) {
      // One pair that is not counted: page cache, class loading, a guest not built yet.
      Start first = start();
      kernel = first.kernel();
      FloorMachine machine = floor.machine(first.command());
      machine.run();
      for (int i = 0; i < pairs; i++) {
        pair(comparison, machine, threads);
      }
    } finally {
      threads.shutdown();
    }
    return new BenchReport(
            (parallel == 1 ? "cold start" : parallel + " cold starts at once")
                + ", "
                + pairs
                + " pairs, "
                + memory
                + " of guest memory")
        .condition("guest kernel", kernel)
        .add(comparison);
  }

  private void pair(Comparison comparison, FloorMachine machine, ExecutorService threads)
      throws IOException, InterruptedException {
    if (parallel == 1) {
      Start start = start();
      comparison.add(millis(start.toFirstOutput()), millis(machine.run()));
      phases(comparison, start);
      return;
    }
    Instant begin = Instant.now();
    List<Start> starts = atOnce(threads, this::start);
    Instant end = starts.stream().map(Start::firstOutput).max(Instant::compareTo).orElse(begin);
    List<Duration> bare = atOnce(threads, machine::run);
    comparison.add(
        millis(Duration.between(begin, end)),
        millis(bare.stream().max(Duration::compareTo).orElse(Duration.ZERO)));
    starts.forEach(start -> phases(comparison, start));
  }

  /** What runs on several threads at once. */
  private interface Work<T> {
    T run() throws IOException, InterruptedException;
  }

  private <T> List<T> atOnce(ExecutorService threads, Work<T> work)
      throws IOException, InterruptedException {
    List<Future<T>> running = new ArrayList<>();
    for (int i = 0; i < parallel; i++) {
      running.add(threads.submit(work::run));
    }
    List<T> results = new ArrayList<>();
    for (Future<T> one : running) {
      try {
        results.add(one.get());
      } catch (ExecutionException e) {
        throw new IOException("one of " + parallel + " at once failed: " + e.getCause(), e);
      }
    }
    return results;
  }

  private static void phases(Comparison comparison, Start start) {
    start
        .timeline()
        .spans()
        .forEach(span -> comparison.phase(span.phase().label(), span.duration()));
  }

  private Start start() {
    Instant begin = Instant.now();
    try (Kata kata = Kata.create();
        Sandbox sandbox = kata.sandbox().memory(memory).image("busybox").start()) {
      sandbox.exec("uname").orThrow();
      return new Start(
          begin,
          sandbox.timeline(),
          sandbox.commandLine(),
          sandbox.describe().stream()
              .filter(choice -> choice.what().equals("kernel"))
              .map(Choice::toString)
              .findFirst()
              .orElse("not told"));
    }
  }

  private static double millis(Duration duration) {
    return duration.toNanos() / 1e6;
  }
}
