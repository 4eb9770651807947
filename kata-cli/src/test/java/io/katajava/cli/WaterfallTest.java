package io.katajava.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.spi.Observation;
import io.katajava.spi.Operation;
import io.katajava.spi.Operation.Kind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WaterfallTest {
  @TempDir Path directory;

  private static Operation operation(Kind kind, String name) {
    return new Operation(kind, name, "", "abcd");
  }

  private static Observation begin(
      StartRecorder recorder, Kind kind, String name, Observation... parent) {
    return Objects.requireNonNull(
        recorder.begin(operation(kind, name), parent.length == 0 ? null : parent[0]));
  }

  @Test
  void rows_ofAStart_areNestedAndSayHowTheyEnded() {
    StartRecorder recorder = new StartRecorder();
    Observation start = begin(recorder, Kind.START, "start");
    Observation phase = begin(recorder, Kind.PHASE, "qmp", start);
    Observation command = begin(recorder, Kind.HYPERVISOR, "query-status", phase);
    command.end(new IllegalStateException("no answer"));
    phase.end(null);
    recorder.stop();
    start.end(null);
    assertThat(recorder.begin(operation(Kind.EXEC, "late"), null)).isNull();
    List<StartRecorder.Row> rows = recorder.rows();
    assertThat(rows).extracting(StartRecorder.Row::depth).containsExactly(0, 1, 2);
    assertThat(rows).extracting(StartRecorder.Row::ended).containsExactly(false, true, true);
    assertThat(rows.get(2).failed()).isTrue();
    assertThat(rows.get(2).note()).isEqualTo("no answer");
    assertThat(rows).allSatisfy(row -> assertThat(row.toNanos()).isGreaterThan(row.fromNanos()));
  }

  @Test
  void page_ofHostileNames_isEscapedAndNeedsNothingElse() throws Exception {
    StartRecorder recorder = new StartRecorder();
    begin(recorder, Kind.EXEC, "<script>alert('1')</script>")
        .end(new IllegalStateException("\"><img src=x onerror=alert(1)>&"));
    Path file = directory.resolve("start.html");
    Waterfall.write("<b>title</b>", recorder, file);
    String page = Files.readString(file);
    assertThat(page)
        .doesNotContain("<script", "<img", "<b>", "http:", "https:", "src=\"", "@import", "url(")
        .contains("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;", "&quot;&gt;&lt;img")
        .endsWith("</html>\n");
  }

  @Test
  void page_ofVeryMany_saysWhatItLeavesOut() {
    List<StartRecorder.Row> rows = new ArrayList<>();
    for (int i = 0; i < 620; i++) {
      rows.add(new StartRecorder.Row(0, Kind.RPC, "ReadStdout", "c", i, i + 1, true, false, ""));
    }
    String page = Waterfall.page("many", Instant.EPOCH, rows);
    assertThat(page.lines().filter(line -> line.startsWith("<tr title")).count()).isEqualTo(500);
    assertThat(page).contains("120 more operations are not shown");
  }
}
