package io.katajava.bench;

import io.katajava.SandboxTimeline;
import io.katajava.StartPhase;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Starts to the first output of {@code uname}, in pairs with their floor. Several at once: until
 * the last has its output.
 */
final class StartBench {
  private final int pairs;
  private final int parallel;

  StartBench(int pairs, int parallel) {
    this.pairs = pairs;
    this.parallel = parallel;
  }

  /**
   * How one start went.
   *
   * @param begin when the user asked
   * @param firstOutput when the user had the command's output
   * @param phases what the time went into
   */
  record Start(Instant begin, Instant firstOutput, Map<String, Duration> phases) {

    /** One whose time was taken by the sandbox itself. */
    static Start of(Instant begin, SandboxTimeline timeline) {
      SandboxTimeline.Span first = timeline.span(StartPhase.FIRST_OUTPUT).orElseThrow();
      Map<String, Duration> phases = new LinkedHashMap<>();
      timeline.spans().forEach(span -> phases.put(span.phase().label(), span.duration()));
      return new Start(begin, timeline.begin().plus(first.offset()).plus(first.duration()), phases);
    }
  }

  /** One way to be born. Used by several threads at once. */
  interface Way extends AutoCloseable {
    /** What is measured, a few words. */
    String name();

    /** Makes ready for so many starts at once, uncounted; the first of all begins with it. */
    void prepare(int starts) throws IOException, InterruptedException;

    Start start() throws IOException, InterruptedException;

    /** What {@link #floor} is; empty when there is nothing to stand beside it. */
    String floorName();

    Duration floor() throws IOException, InterruptedException;

    /** Under which conditions it was measured. */
    Map<String, String> conditions();

    @Override
    void close() throws IOException;
  }

  /**
   * A way that takes part.
   *
   * @param prefix what tells it from the others; empty when it is alone
   * @param way the way
   */
  record Entrant(String prefix, Way way) {
    private boolean hasFloor() {
      return !way.floorName().isEmpty();
    }

    private Comparison comparison(int parallel) {
      String several = parallel == 1 ? "" : parallel + " at once: ";
      return new Comparison(
          prefix + several + way.name(),
          "milliseconds",
          hasFloor() ? several + way.floorName() : "");
    }
  }

  BenchReport run(Way way) throws IOException, InterruptedException {
    return run(List.of(new Entrant("", way)));
  }

  /** Several take turns, pair by pair, so that what else the machine does hits all alike. */
  BenchReport run(List<Entrant> entrants) throws IOException, InterruptedException {
    List<Comparison> comparisons = entrants.stream().map(e -> e.comparison(parallel)).toList();
    ExecutorService threads = Executors.newFixedThreadPool(parallel);
    try {
      for (Entrant entrant : entrants) {
        // What is not counted: page cache, class loading, a guest or a template not built yet.
        entrant.way().prepare(parallel);
        entrant.way().start();
        if (entrant.hasFloor()) {
          entrant.way().floor();
        }
      }
      for (int i = 0; i < pairs; i++) {
        for (int j = 0; j < entrants.size(); j++) {
          Entrant entrant = entrants.get(j);
          entrant.way().prepare(parallel);
          pair(entrant.way(), comparisons.get(j), entrant.hasFloor(), threads);
        }
      }
    } finally {
      threads.shutdown();
    }
    Entrant first = entrants.get(0);
    BenchReport report =
        new BenchReport(
            comparisons.get(0).name().substring(first.prefix().length())
                + ", "
                + pairs
                + (first.hasFloor() ? " pairs" : " times")
                + (entrants.size() == 1 ? "" : " each, in turns"));
    for (Entrant entrant : entrants) {
      entrant.way().conditions().forEach((key, v) -> report.condition(entrant.prefix() + key, v));
    }
    comparisons.forEach(report::add);
    return report;
  }

  private void pair(Way way, Comparison comparison, boolean beside, ExecutorService threads)
      throws IOException, InterruptedException {
    Instant begin = Instant.now();
    List<Start> starts = atOnce(threads, way::start);
    Instant end = starts.stream().map(Start::firstOutput).max(Instant::compareTo).orElse(begin);
    Instant from = parallel == 1 ? starts.get(0).begin() : begin;
    double ours = millis(Duration.between(from, end));
    if (beside) {
      List<Duration> bare = atOnce(threads, way::floor);
      comparison.add(ours, millis(bare.stream().max(Duration::compareTo).orElse(Duration.ZERO)));
    } else {
      comparison.add(ours);
    }
    starts.forEach(start -> start.phases().forEach(comparison::phase));
  }

  /** What runs on several threads at once. */
  private interface Work<T> {
    T run() throws IOException, InterruptedException;
  }

  private <T> List<T> atOnce(ExecutorService threads, Work<T> work)
      throws IOException, InterruptedException {
    if (parallel == 1) {
      return List.of(work.run());
    }
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

  private static double millis(Duration duration) {
    return duration.toNanos() / 1e6;
  }
}
