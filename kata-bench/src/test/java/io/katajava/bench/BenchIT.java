package io.katajava.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.BirthPolicy;
import io.katajava.Kata;
import io.katajava.MemorySize;
import io.katajava.TemplateInfo;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The measurements run and find something; what they find is the machine's business. */
class BenchIT {
  private static final MemorySize MEMORY = MemorySize.mebibytes(256);

  private static final Set<String> BEFORE = new HashSet<>();

  @BeforeAll
  static void look() {
    try (Kata kata = Kata.create()) {
      kata.templates().list().forEach(template -> BEFORE.add(template.id()));
    }
  }

  /** Templates are the user's to keep, but not those of a test. */
  @AfterAll
  static void removeTemplates() {
    try (Kata kata = Kata.create()) {
      for (TemplateInfo template : kata.templates().list()) {
        if (!BEFORE.contains(template.id())) {
          kata.templates().remove(template.id());
        }
      }
    }
  }

  private static String text(BenchReport report) {
    StringWriter text = new StringWriter();
    report.print(new PrintWriter(text));
    return text.toString();
  }

  @ParameterizedTest
  @EnumSource(BirthKind.class)
  void start_severalAtOnce_areMeasuredBesideAsManyBareMachines(BirthKind birth) throws Exception {
    String report;
    try (StartBench.Way way = birth.open(new Subject(Optional.empty(), MEMORY), 2)) {
      report = text(new StartBench(1, 2).run(way));
    }

    assertThat(report).contains("2 at once: ").contains("first-output");
    assertThat(report.contains("floor: 2 at once: bare QEMU")).isEqualTo(birth != BirthKind.pool);
    assertThat(report.contains("ratio: ")).isEqualTo(birth != BirthKind.pool);
  }

  @ParameterizedTest
  @EnumSource(
      value = BirthPolicy.class,
      names = {"COLD", "TEMPLATE_ON_DEMAND"})
  void density_two_areMeasuredAndNothingIsLeft(BirthPolicy birth) throws Exception {
    Density density = new Density(2, MEMORY, birth, Duration.ofSeconds(1));

    assertThat(text(density.run()))
        .contains("proportional memory, each")
        .contains("processor, each")
        .containsPattern("left behind +0");
    assertThat(density.leftBehind()).isZero();
  }

  @Test
  void image_isMeasuredBesideTarAndStartsWithout() throws Exception {
    String report;
    try (ImageBench bench = new ImageBench(1, MemorySize.mebibytes(2), MEMORY)) {
      report = text(bench.run(true));
    }

    assertThat(report)
        .contains("to squashfs, tar.gz", "floor: tar -x")
        .contains("cold, image on 1 disk", "template, image on 4 disks")
        .contains("floor: without an image", "each further disk");
  }

  @Test
  void parts_one_isMeasuredByJmh() throws Exception {
    StringWriter text = new StringWriter();
    new PartsBench(1, 1, "qmpDecodeReply").run(true, new PrintWriter(text));

    assertThat(text.toString()).contains("\"name\":\"qmpDecodeReply\"", "\"microseconds\":");
  }
}
