package io.katajava.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.MemorySize;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The measurements run and find something; what they find is the machine's business. */
class BenchIT {
  private static final MemorySize MEMORY = MemorySize.mebibytes(256);

  private static String text(BenchReport report) {
    StringWriter text = new StringWriter();
    report.print(new PrintWriter(text));
    return text.toString();
  }

  @Test
  void start_severalAtOnce_areMeasuredBesideAsManyBareMachines() throws Exception {
    String report = text(new ColdStart(1, 2, MEMORY).run());

    assertThat(report)
        .contains("2 cold starts at once")
        .contains("floor: 2 bare QEMU at once")
        .contains("first-output");
  }

  @Test
  void density_two_areMeasuredAndNothingIsLeft() throws Exception {
    Density density = new Density(2, MEMORY, Duration.ofSeconds(1));

    assertThat(text(density.run()))
        .contains("proportional memory, each")
        .contains("processor, each")
        .containsPattern("left behind +0");
    assertThat(density.leftBehind()).isZero();
  }

  @Test
  void parts_one_isMeasuredByJmh() throws Exception {
    StringWriter text = new StringWriter();
    new PartsBench(1, 1, "qmpDecodeReply").run(true, new PrintWriter(text));

    assertThat(text.toString()).contains("\"name\":\"qmpDecodeReply\"", "\"microseconds\":");
  }
}
