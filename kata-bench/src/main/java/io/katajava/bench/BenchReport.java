package io.katajava.bench;

import io.katajava.json.JsonObject;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What one benchmark found: the conditions, figures beside their floors, and single values. */
final class BenchReport {
  private final String title;
  private final Map<String, String> conditions = new LinkedHashMap<>();
  private final List<Comparison> comparisons = new ArrayList<>();
  private final Map<String, String> values = new LinkedHashMap<>();

  BenchReport(String title) {
    this.title = title;
    condition("host", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    condition("processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
    condition("java", System.getProperty("java.version", ""));
  }

  BenchReport condition(String name, String value) {
    conditions.put(name, value);
    return this;
  }

  BenchReport add(Comparison comparison) {
    comparisons.add(comparison);
    return this;
  }

  /** A value without a floor. */
  BenchReport value(String name, String value) {
    values.put(name, value);
    return this;
  }

  String title() {
    return title;
  }

  Map<String, String> conditions() {
    return conditions;
  }

  Map<String, String> values() {
    return values;
  }

  void print(PrintWriter out) {
    out.println(title);
    for (Comparison comparison : comparisons) {
      out.println();
      out.print(Samples.header(comparison.unit()));
      out.print(comparison.ours().toRow(comparison.name()));
      if (comparison.hasFloor()) {
        out.print(comparison.floor().toRow("floor: " + comparison.floorName()));
        out.printf(
            Locale.ROOT,
            "%nratio: %.3f of the medians, %.3f median of the pairs%n",
            comparison.ratioOfMedians(),
            comparison.ratios().median());
      }
      if (!comparison.phases().isEmpty()) {
        out.println();
        out.print(Samples.header("phase, milliseconds"));
        comparison.phases().forEach((phase, samples) -> out.print(samples.toRow(phase)));
      }
    }
    if (!values.isEmpty()) {
      out.println();
      values.forEach((name, value) -> out.printf(Locale.ROOT, "%-28s %s%n", name, value));
    }
    out.flush();
  }

  JsonObject toJson() {
    return JsonObject.builder()
        .put("title", title)
        .put("conditions", object(conditions))
        .put("figures", comparisons.stream().map(BenchReport::toJson).toList())
        .put("values", object(values))
        .build();
  }

  private static JsonObject toJson(Comparison comparison) {
    JsonObject.Builder phases = JsonObject.builder();
    comparison.phases().forEach((phase, samples) -> phases.put(phase, summary(samples)));
    JsonObject.Builder figure =
        JsonObject.builder()
            .put("name", comparison.name())
            .put("unit", comparison.unit())
            .put("ours", summary(comparison.ours()));
    if (comparison.hasFloor()) {
      figure
          .put("floorName", comparison.floorName())
          .put("floor", summary(comparison.floor()))
          .put("ratioOfMedians", comparison.ratioOfMedians())
          .put("medianOfRatios", comparison.ratios().median());
    }
    return figure.put("phases", phases.build()).build();
  }

  private static JsonObject summary(Samples samples) {
    return JsonObject.builder()
        .put("min", samples.percentile(0))
        .put("median", samples.median())
        .put("p90", samples.percentile(0.9))
        .put("max", samples.percentile(1))
        .put("samples", samples.all())
        .build();
  }

  private static JsonObject object(Map<String, String> members) {
    JsonObject.Builder object = JsonObject.builder();
    members.forEach(object::put);
    return object.build();
  }
}
