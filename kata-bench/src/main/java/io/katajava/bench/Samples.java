package io.katajava.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/** Measured durations of one figure. */
final class Samples {
  private final List<Double> millis = new ArrayList<>();

  void add(Duration duration) {
    millis.add(duration.toNanos() / 1e6);
  }

  void addMillis(double value) {
    millis.add(value);
  }

  int count() {
    return millis.size();
  }

  double get(int index) {
    return millis.get(index);
  }

  List<Double> all() {
    return List.copyOf(millis);
  }

  /** The value below which the given part of the samples lies, by nearest rank. */
  double percentile(double part) {
    if (millis.isEmpty()) {
      return Double.NaN;
    }
    List<Double> sorted = new ArrayList<>(millis);
    Collections.sort(sorted);
    int rank = (int) Math.ceil(part * sorted.size());
    return sorted.get(Math.max(0, Math.min(sorted.size() - 1, rank - 1)));
  }

  double median() {
    if (millis.isEmpty()) {
      return Double.NaN;
    }
    List<Double> sorted = new ArrayList<>(millis);
    Collections.sort(sorted);
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }

  String toRow(String name) {
    return String.format(
        Locale.ROOT,
        "%-28s %10.1f %10.1f %10.1f %10.1f%n",
        name,
        percentile(0),
        median(),
        percentile(0.9),
        percentile(1));
  }

  static String header(String unit) {
    return String.format(
        Locale.ROOT, "%-28s %10s %10s %10s %10s%n", unit, "min", "median", "p90", "max");
  }
}
