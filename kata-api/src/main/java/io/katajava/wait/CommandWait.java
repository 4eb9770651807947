package io.katajava.wait;

import io.katajava.ExecResult;
import io.katajava.ExecSpec;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Waits until a command succeeds. */
record CommandWait(List<String> command) implements WaitStrategy {
  private static final Duration LEAST = Duration.ofMillis(1);
  private static final int MOST_SAID = 500;

  CommandWait {
    if (command.isEmpty()) {
      throw new IllegalArgumentException("no command is named that is to succeed");
    }
  }

  @Override
  public void waitUntilReady(Waiting waiting) {
    waiting.poll(
        () -> {
          Duration left = waiting.remaining();
          // Killed in the guest, too, when the time is up.
          ExecSpec spec =
              ExecSpec.command(command.toArray(String[]::new))
                  .timeout(left.compareTo(LEAST) < 0 ? LEAST : left)
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
        });
  }

  @Override
  public String describe() {
    return "success of " + String.join(" ", command);
  }
}
