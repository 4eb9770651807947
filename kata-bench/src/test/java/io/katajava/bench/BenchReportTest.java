package io.katajava.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.json.JsonObject;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchReportTest {
  @TempDir Path directory;

  private static BenchReport report() {
    Comparison comparison = new Comparison("start", "milliseconds", "bare </script>");
    comparison.add(30, 10);
    comparison.add(40, 20);
    comparison.add(50, 40);
    comparison.phase("boot", Duration.ofMillis(25));
    return new BenchReport("a <title>").add(comparison).value("left behind", "0");
  }

  @Test
  void print_figure_hasItsFloorBothRatiosAndThePhases() {
    StringWriter text = new StringWriter();
    report().print(new PrintWriter(text));

    assertThat(text.toString())
        .contains("a <title>")
        .contains("ratio: 2.000 of the medians, 2.000 median of the pairs")
        .containsPattern("start +30\\.0 +40\\.0 +50\\.0 +50\\.0")
        .containsPattern("boot +25\\.0")
        .containsPattern("left behind +0");
  }

  @Test
  void toJson_figure_hasEverySample() {
    String json = report().toJson().toJson();

    assertThat(JsonObject.parse(json).toJson()).isEqualTo(json);
    assertThat(json)
        .contains("\"samples\":[30.0,40.0,50.0]")
        .contains("\"ratioOfMedians\":2.0")
        .contains("\"boot\":{\"min\":25.0");
  }

  @Test
  void html_report_isOnePageWithItsDataAndChartJs() throws Exception {
    Path file = directory.resolve("report.html");
    HtmlReport.write(report(), file);

    String page = Files.readString(file);
    assertThat(page)
        .contains("<title>a &lt;title></title>")
        .contains("bare <\\/script>")
        .contains("Chart.js v4")
        .doesNotContain("%DATA%", "%LIBRARY%", "%TITLE%")
        .doesNotContain("<script src", "<link");
  }
}
