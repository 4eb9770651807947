package io.katajava.examples;

import io.katajava.Container;
import io.katajava.ErrorCode;
import io.katajava.ExecOutcome;
import io.katajava.ExecResult;
import io.katajava.Kata;
import io.katajava.KataException;
import io.katajava.MemorySize;
import io.katajava.Sandbox;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/**
 * Judges programs nobody trusts: each runs once, with its input, in a machine of its own without a
 * network, under limits of time, memory, processes and output.
 */
public final class UntrustedCodeRunner {
  private final Kata kata;

  /** How a program did. */
  public enum Verdict {
    /** It printed what was expected. */
    RIGHT,
    /** It printed something else. */
    WRONG,
    /** It ended with an error of its own. */
    FAILED,
    /** It was ended by its time limit. */
    TOO_SLOW,
    /** It was killed, as those are that go beyond their memory. */
    KILLED,
    /** It printed more than anybody wants to read. */
    TOO_MUCH_OUTPUT
  }

  /**
   * A program and what it should do.
   *
   * @param script for {@code sh}
   * @param input its standard input
   * @param expected what it should print
   * @param limit how long it may take
   */
  public record Submission(String script, String input, String expected, Duration limit) {}

  /**
   * A runner.
   *
   * @param kata runtime; not closed
   */
  public UntrustedCodeRunner(Kata kata) {
    this.kata = kata;
  }

  /**
   * Runs a program.
   *
   * @param submission the program
   * @return how it did
   * @throws KataException if no machine could be had
   */
  public Verdict judge(Submission submission) {
    try (Sandbox sandbox = kata.sandbox().memory(MemorySize.mebibytes(256)).start();
        Container container =
            sandbox
                .container("program")
                .user("nobody")
                .readOnlyRoot()
                .limits(limits -> limits.memory(MemorySize.mebibytes(32)).pids(16))
                .start()) {
      ExecResult result =
          container.exec(
              exec ->
                  exec.command("sh", "-c", submission.script)
                      .stdin(
                          new ByteArrayInputStream(
                              submission.input.getBytes(StandardCharsets.UTF_8)))
                      .timeout(submission.limit)
                      .outputLimit(MemorySize.mebibytes(1)));
      return verdict(result, submission.expected);
    } catch (KataException e) {
      if (e.code() == ErrorCode.OUTPUT_LIMIT) {
        return Verdict.TOO_MUCH_OUTPUT;
      }
      throw e;
    }
  }

  private static Verdict verdict(ExecResult result, String expected) {
    ExecOutcome outcome = result.outcome();
    if (outcome instanceof ExecOutcome.TimedOut) {
      return Verdict.TOO_SLOW;
    }
    if (outcome instanceof ExecOutcome.Signalled) {
      return Verdict.KILLED;
    }
    if (!result.isSuccess()) {
      return Verdict.FAILED;
    }
    return result.stdoutText().equals(expected) ? Verdict.RIGHT : Verdict.WRONG;
  }

  /**
   * Judges five programs that should add two numbers.
   *
   * @param arguments none
   */
  public static void main(String[] arguments) {
    Duration limit = Duration.ofSeconds(30);
    List<Submission> submissions =
        List.of(
            new Submission("read a b; echo $((a + b))", "20 22\n", "42\n", limit),
            new Submission("read a b; echo $a$b", "20 22\n", "42\n", limit),
            new Submission("while :; do :; done", "20 22\n", "42\n", Duration.ofSeconds(2)),
            new Submission(
                "exec awk 'BEGIN { s = \"x\"; for (;;) s = s s }'", "20 22\n", "42\n", limit),
            new Submission("exec yes", "20 22\n", "42\n", limit));
    try (Kata kata = Kata.create()) {
      UntrustedCodeRunner runner = new UntrustedCodeRunner(kata);
      for (Submission submission : submissions) {
        System.out.println(runner.judge(submission) + "\t" + submission.script);
      }
    }
  }
}
