package io.katajava.bench;

import io.katajava.Container;
import io.katajava.ExecResult;
import io.katajava.Kata;
import io.katajava.Sandbox;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;

/**
 * Executions in a running container, in turns with the floor: a shell of the same container that
 * forks and executes the same program as often, timed by the guest's own clock. The floor has
 * neither pipes nor namespaces to join, nor a way from the host and back.
 */
final class ExecBench {
  private static final String PROGRAM = "/bin/true";
  private static final int WARM_UP = 20;

  private final int count;
  private final int rounds;
  private final PrintWriter out;
  private final Samples execs = new Samples();
  private final Samples floor = new Samples();

  ExecBench(int count, int rounds, PrintWriter out) {
    this.count = count;
    this.rounds = rounds;
    this.out = out;
  }

  void run() throws IOException {
    try (Kata kata = Kata.create();
        Sandbox sandbox = kata.sandbox().start();
        Container container = sandbox.container("bench").start()) {
      for (int i = 0; i < WARM_UP; i++) {
        container.exec(PROGRAM).orThrow();
      }
      loop(container, WARM_UP);
      for (int round = 0; round < rounds; round++) {
        for (int i = 0; i < count; i++) {
          long begin = System.nanoTime();
          ExecResult result = container.exec(PROGRAM);
          execs.add(Duration.ofNanos(System.nanoTime() - begin));
          result.orThrow();
        }
        floor.addMillis(loop(container, count));
      }
    }
    print();
  }

  /**
   * Milliseconds for one. The guest tells hundredths of a second; so this is a mean over many, not
   * a median.
   */
  private static double loop(Container container, int count) throws IOException {
    String script =
        "read from rest < /proc/uptime; i=0; while [ $i -lt "
            + count
            + " ]; do "
            + PROGRAM
            + "; i=$((i+1)); done; read to rest < /proc/uptime; echo $from $to";
    String[] times =
        container.exec("sh", "-c", script).orThrow().stdoutText().strip().split(" ", -1);
    try {
      return (Double.parseDouble(times[1]) - Double.parseDouble(times[0])) * 1000 / count;
    } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
      throw new IOException("the guest's clock says " + String.join(" ", times), e);
    }
  }

  private void print() {
    out.printf(
        Locale.ROOT, "%-28s %10s %10s %10s %10s%n", "milliseconds", "min", "p50", "p99", "max");
    out.printf(
        Locale.ROOT,
        "%-28s %10.1f %10.1f %10.1f %10.1f%n",
        "exec " + PROGRAM,
        execs.percentile(0),
        execs.percentile(0.5),
        execs.percentile(0.99),
        execs.percentile(1));
    out.printf(
        Locale.ROOT,
        "%-28s %10.1f %10.1f %10s %10.1f%n",
        "floor: fork and exec, means",
        floor.percentile(0),
        floor.percentile(0.5),
        "",
        floor.percentile(1));
    out.printf(
        Locale.ROOT,
        "%d executions, %d rounds; p50 / floor: %.2f%n",
        execs.count(),
        rounds,
        execs.percentile(0.5) / floor.percentile(0.5));
    out.flush();
  }
}
