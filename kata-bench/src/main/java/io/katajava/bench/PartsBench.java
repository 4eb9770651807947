package io.katajava.bench;

import io.katajava.json.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs {@link HostBenchmarks} under JMH, each in JVMs of its own. */
final class PartsBench {
  private final int forks;
  private final int iterations;
  private final String only;

  PartsBench(int forks, int iterations, String only) {
    this.forks = forks;
    this.iterations = iterations;
    this.only = only;
  }

  void run(boolean json, PrintWriter out) throws IOException {
    Collection<RunResult> results;
    try {
      results =
          new Runner(
                  new OptionsBuilder()
                      .include("\\b" + HostBenchmarks.class.getName() + "\\." + only)
                      .forks(forks)
                      .warmupIterations(iterations)
                      .warmupTime(TimeValue.seconds(1))
                      .measurementIterations(iterations)
                      .measurementTime(TimeValue.seconds(1))
                      .addProfiler("gc")
                      .shouldFailOnError(true)
                      .verbosity(VerboseMode.SILENT)
                      // Not the settings of this process, which is short-lived.
                      .jvmArgs("-Xmx512m")
                      .build())
              .run();
    } catch (RunnerException e) {
      throw new IOException("the parts could not be measured: " + e.getMessage(), e);
    }
    if (json) {
      tellJson(results, out);
    } else {
      tellText(results, out);
    }
    out.flush();
  }

  private static void tellText(Collection<RunResult> results, PrintWriter out) {
    out.printf(
        Locale.ROOT,
        "%-24s %12s %12s %12s%n",
        "part, for one",
        "microseconds",
        "+- 99.9 %",
        "bytes");
    for (RunResult result : results) {
      Result<?> time = result.getPrimaryResult();
      out.printf(
          Locale.ROOT,
          "%-24s %12.3f %12.3f %12.0f%n",
          time.getLabel(),
          time.getScore(),
          time.getScoreError(),
          bytes(result));
    }
  }

  private static void tellJson(Collection<RunResult> results, PrintWriter out) {
    List<JsonObject> parts = new ArrayList<>();
    for (RunResult result : results) {
      Result<?> time = result.getPrimaryResult();
      JsonObject.Builder part =
          JsonObject.builder()
              .put("name", time.getLabel())
              .put("microseconds", time.getScore())
              .put("bytes", bytes(result));
      if (!Double.isNaN(time.getScoreError())) {
        part.put("error", time.getScoreError());
      }
      parts.add(part.build());
    }
    out.println(JsonObject.builder().put("parts", parts).build().toJson());
  }

  /** Allocated by one operation. */
  private static double bytes(RunResult result) {
    // Keys only: the values have a raw type, and lambdas over them would warn.
    for (String name : result.getSecondaryResults().keySet()) {
      if (name.endsWith("gc.alloc.rate.norm")) {
        return result.getSecondaryResults().get(name).getScore();
      }
    }
    return Double.NaN;
  }
}
