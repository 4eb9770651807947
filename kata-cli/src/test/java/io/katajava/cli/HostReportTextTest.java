package io.katajava.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.HostFinding;
import io.katajava.HostReport;
import io.katajava.HostReport.BrokenCheck;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class HostReportTextTest {
  private static final HostFinding GOOD = HostFinding.passed("g", "good", "it is");
  private static final HostFinding SLOW = HostFinding.warned("g", "slow", "it crawls", "Push");
  private static final HostFinding BAD = HostFinding.failed("g", "bad", "it is not", "Get one");
  private static final BrokenCheck BROKEN = new BrokenCheck("h", "no idea");

  private static HostReportText text(List<HostFinding> findings, BrokenCheck... broken) {
    return new HostReportText(
        new HostReport(findings, List.of(broken)), new Terminal(Map.of(), false, false));
  }

  static Stream<Arguments> reports() {
    return Stream.of(
        Arguments.of(text(List.of(GOOD)), 0, "This host can run sandboxes.\n"),
        Arguments.of(text(List.of(GOOD, SLOW)), 3, "with 1 limit.\n"),
        Arguments.of(text(List.of(GOOD, SLOW, BAD)), 4, "cannot run sandboxes: 1 check failed.\n"),
        Arguments.of(text(List.of(GOOD), BROKEN), 125, "could not be made.\n"));
  }

  @ParameterizedTest
  @MethodSource("reports")
  void verdict_hasItsOwnExitCodeAndSentence(HostReportText report, int code, String end) {
    assertThat(report.exitCode()).isEqualTo(code);
    assertThat(report.text(false)).endsWith(end).doesNotContain("it is\n");
    assertThat(report.text(true)).endsWith(end).contains("PASSED", "g/good");
  }

  @Test
  void warning_showsReasonAndRemedy() {
    assertThat(text(List.of(SLOW)).text(false)).contains("WARNED", "it crawls\n", "-> Push\n");
  }

  @Test
  void json_hasEverything() {
    assertThat(text(List.of(GOOD, SLOW), BROKEN).json().toJson())
        .isEqualTo(
            "{\"verdict\":\"unknown\",\"exitCode\":125,\"findings\":[{\"group\":\"g\",\"name\":\"good\",\"status\":\"passed\",\"reason\":\"it"
                + " is\"},{\"group\":\"g\",\"name\":\"slow\",\"status\":\"warned\",\"reason\":\"it"
                + " crawls\",\"remedy\":\"Push\"}],\"broken\":[{\"check\":\"h\",\"problem\":\"no"
                + " idea\"}]}");
  }
}
