package io.katajava;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExecResultTest {

  private static ExecResult result(ExecOutcome outcome, String stderr) {
    return new ExecResult(
        "box1",
        List.of("cmd"),
        outcome,
        new byte[0],
        stderr.getBytes(StandardCharsets.UTF_8),
        Duration.ofMillis(5));
  }

  @Test
  void exitCode_everyOutcome_isAsAShellReportsIt() {
    assertThat(new ExecOutcome.Exited(3).exitCode()).isEqualTo(3);
    assertThat(new ExecOutcome.Signalled(9).exitCode()).isEqualTo(137);
    assertThat(new ExecOutcome.TimedOut(Duration.ofSeconds(1)).exitCode()).isEqualTo(124);
    assertThat(notStarted(ExecOutcome.NotStarted.Kind.NOT_FOUND).exitCode()).isEqualTo(127);
    assertThat(notStarted(ExecOutcome.NotStarted.Kind.NOT_EXECUTABLE).exitCode()).isEqualTo(126);
    assertThat(new ExecOutcome.VmLost("gone").exitCode()).isEqualTo(125);
  }

  @Test
  void orThrow_success_passesOn() {
    ExecResult success = result(new ExecOutcome.Exited(0), "");

    assertThat(success.orThrow()).isSameAs(success);
  }

  @Test
  void orThrow_failure_saysWhatAndQuotesTheError() {
    ExecResult failure = result(new ExecOutcome.Exited(2), "no such thing\n");

    assertThatThrownBy(failure::orThrow)
        .isInstanceOf(ExecFailedException.class)
        .hasMessageContaining("box1")
        .hasMessageContaining("exited with 2")
        .hasMessageContaining("no such thing")
        .extracting(e -> ((ExecFailedException) e).code())
        .isEqualTo(ErrorCode.COMMAND_FAILED);
  }

  @Test
  void orThrow_notStarted_hasItsOwnCode() {
    ExecResult failure = result(notStarted(ExecOutcome.NotStarted.Kind.NOT_FOUND), "");

    assertThatThrownBy(failure::orThrow)
        .extracting(e -> ((ExecFailedException) e).code())
        .isEqualTo(ErrorCode.COMMAND_NOT_STARTED);
  }

  private static ExecOutcome.NotStarted notStarted(ExecOutcome.NotStarted.Kind kind) {
    return new ExecOutcome.NotStarted(kind, "ENOENT", "exec of cmd");
  }
}
