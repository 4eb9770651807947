package io.katajava.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.ProgressEvent;
import io.katajava.SandboxStartException;
import io.katajava.SandboxTimeline;
import io.katajava.agent.ttrpc.TtrpcException;
import io.katajava.agent.ttrpc.TtrpcStatus;
import io.katajava.json.JsonException;
import io.katajava.json.JsonObject;
import io.katajava.qmp.QmpException;
import io.katajava.spi.VmEvidence;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What guests, QEMU, registries and names of files say does not steer the reader's terminal. */
class ForeignTextTest {
  private static final String HOSTILE = "a\u001b[2J\u009b31m\u0007\u202e\rb";
  private static final String SHOWN = "a\\x1b[2J\\x9b31m\\x07\\u202e\\rb";

  static Stream<RuntimeException> exceptions() {
    return Stream.of(
        new KataException(ErrorCode.COPY_FAILED, HOSTILE),
        new KataException(
            ErrorCode.COPY_FAILED, "x", KataException.Details.none().withRemedy(HOSTILE)),
        new TtrpcException(TtrpcStatus.INTERNAL, HOSTILE),
        new QmpException(HOSTILE, null),
        new JsonException(HOSTILE));
  }

  @ParameterizedTest
  @MethodSource("exceptions")
  void message_ofAnException_isPrintable(RuntimeException e) {
    assertThat(e).hasMessageContaining(SHOWN);
  }

  @Test
  void cells_ofATable_areEscapedBeforeTheyAreMeasured() {
    assertThat(TextTable.of(List.of(List.of("A", "B"), List.of(HOSTILE + "\n", "c"))))
        .isEqualTo("A" + " ".repeat(SHOWN.length() + 3) + "B\n" + SHOWN + "\\n  c\n");
  }

  @Test
  void json_means_theSame() {
    String json = Json.pretty(JsonObject.builder().put("k", HOSTILE).build());
    assertThat(json).contains("\\u001b[2J\\u009b31m").doesNotContain("\u009b", "\u202e");
    assertThat(Json.indented(JsonObject.builder().put("k", HOSTILE).build()))
        .contains("\\u009b31m")
        .doesNotContain("\u009b", "\u202e");
  }

  @Test
  void subject_ofProgress_isOneLine() {
    StringWriter out = new StringWriter();
    try (ProgressBars bars = new ProgressBars(new PrintWriter(out, true), false)) {
      bars.progress(
          new ProgressEvent(
              ProgressEvent.Activity.IMPORT, HOSTILE + "\n", 0, OptionalLong.empty(), false));
    }
    assertThat(out).hasToString("kata: importing " + SHOWN + "\\n\n");
  }

  @Test
  void report_ofAFailedStart_hasTheWordsOfTheConsole() {
    SandboxStartException e =
        new SandboxStartException(
            ErrorCode.COPY_FAILED,
            HOSTILE,
            KataException.Details.none(),
            new VmEvidence(
                List.of("qemu", "-name", HOSTILE),
                OptionalInt.of(1),
                "bad " + HOSTILE,
                "\u001b[1;31mred\u001b[0m\u001b]0;title\u0007 alert\r\nnext"),
            new SandboxTimeline(Instant.EPOCH, List.of()));
    assertThat(e.report())
        .contains(SHOWN, "'" + SHOWN + "'", "  red alert\n  next\n")
        .doesNotContain("\u001b", "\u009b", "\u0007", "\u202e", "\r");
  }
}
