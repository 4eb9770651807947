package io.katajava.wait;

import io.katajava.ExecResult;
import io.katajava.ExecSpec;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Runs a command in a container that is waited for, and notes what it said when it failed. */
final class CommandProbe {
  private static final Duration LEAST = Duration.ofMillis(1);
  private static final int MOST_SAID = 500;

  private CommandProbe() {}

  /** Whether it exits with 0; killed in the guest when the limit or the wait's time is up. */
  static boolean succeeds(Waiting waiting, List<String> command, Duration limit) {
    Duration left = waiting.remaining();
    Duration allowed = left.compareTo(limit) < 0 ? left : limit;
    ExecSpec spec =
        ExecSpec.command(command.toArray(String[]::new))
            .timeout(allowed.compareTo(LEAST) < 0 ? LEAST : allowed)
            .build();
    CompletableFuture<ExecResult> running = waiting.container().execAsync(spec);
    ExecResult result = waiting.await(running);
    if (result.isSuccess()) {
      return true;
    }
    String said = (result.stderrText() + result.stdoutText()).strip();
    waiting.missing(
        "it "
            + result.outcome().describe()
            + (said.isEmpty()
                ? ""
                : ", saying: " + said.substring(0, Math.min(said.length(), MOST_SAID))));
    return false;
  }
}
