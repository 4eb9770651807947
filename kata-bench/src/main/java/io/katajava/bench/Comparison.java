package io.katajava.bench;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One figure beside its floor, measured in pairs: the machine is as busy for the one as for the
 * other.
 */
final class Comparison {
  private final String name;
  private final String unit;
  private final String floorName;
  private final Samples ours = new Samples();
  private final Samples floor = new Samples();
  private final Samples ratios = new Samples();
  private final Map<String, Samples> phases = new LinkedHashMap<>();

  /**
   * Nothing measured yet.
   *
   * @param floorName empty when nothing stands beside the figure
   */
  Comparison(String name, String unit, String floorName) {
    this.name = name;
    this.unit = unit;
    this.floorName = floorName;
  }

  void add(double value, double floorValue) {
    ours.addMillis(value);
    floor.addMillis(floorValue);
    ratios.addMillis(value / floorValue);
  }

  /** One without a floor. */
  void add(double value) {
    ours.addMillis(value);
  }

  boolean hasFloor() {
    return !floorName.isEmpty();
  }

  void phase(String phase, Duration duration) {
    phases.computeIfAbsent(phase, key -> new Samples()).add(duration);
  }

  String name() {
    return name;
  }

  String unit() {
    return unit;
  }

  String floorName() {
    return floorName;
  }

  Samples ours() {
    return ours;
  }

  Samples floor() {
    return floor;
  }

  /** Of each pair. */
  Samples ratios() {
    return ratios;
  }

  /** In milliseconds, in the order they were met. */
  Map<String, Samples> phases() {
    return phases;
  }

  double ratioOfMedians() {
    return ours.median() / floor.median();
  }
}
