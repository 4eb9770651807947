package io.katajava.examples;

import io.katajava.ExecOutcome;
import io.katajava.ExecResult;
import io.katajava.Kata;
import io.katajava.MemorySize;
import io.katajava.Sandbox;
import java.time.Duration;

/** Runs a script nobody trusts, with a time limit, and tells the ways it can end apart. */
public final class UntrustedCommand {
  private UntrustedCommand() {}

  /**
   * Runs a script given on the command line, or one that never ends.
   *
   * @param arguments the script, optional
   */
  public static void main(String[] arguments) {
    String script = arguments.length > 0 ? arguments[0] : "echo working; while :; do :; done";
    try (Kata kata = Kata.create();
        Sandbox sandbox = kata.sandbox().memory(MemorySize.mebibytes(256)).start()) {
      ExecResult result =
          sandbox.exec(
              exec ->
                  exec.command("sh", "-c", script)
                      .user("nobody")
                      .timeout(Duration.ofSeconds(2))
                      .outputLimit(MemorySize.mebibytes(1)));
      ExecOutcome outcome = result.outcome();
      if (outcome instanceof ExecOutcome.TimedOut timedOut) {
        System.out.println("stopped after " + timedOut.after().toSeconds() + " s");
      } else {
        System.out.println("the script " + outcome.describe());
      }
      System.out.print(result.stdoutText());
    }
  }
}
