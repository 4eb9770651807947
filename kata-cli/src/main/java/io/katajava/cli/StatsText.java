package io.katajava.cli;

import io.katajava.ContainerStats;
import java.time.Duration;
import java.util.Locale;

/** What a container used, for people. */
final class StatsText {
  private StatsText() {}

  static String of(ContainerStats stats) {
    StringBuilder text = new StringBuilder();
    line(
        text,
        "cpu",
        seconds(stats.cpu().total())
            + " ("
            + seconds(stats.cpu().user())
            + " user, "
            + seconds(stats.cpu().kernel())
            + " kernel)");
    if (stats.cpu().throttledPeriods() > 0) {
      line(text, "throttled", seconds(stats.cpu().throttled()));
    }
    line(
        text,
        "memory peak",
        stats.memory().peak()
            + stats.memory().limit().map(limit -> " of " + limit).orElse("")
            + (stats.memory().limitHits() > 0
                ? ", limit hit " + stats.memory().limitHits() + " times"
                : ""));
    for (ContainerStats.Disk disk : stats.disks()) {
      line(
          text,
          "disk " + disk.major() + ":" + disk.minor(),
          disk.read() + " read, " + disk.written() + " written");
    }
    return text.toString();
  }

  private static void line(StringBuilder text, String what, String value) {
    text.append(String.format(Locale.ROOT, "%-14s %s%n", what, value));
  }

  private static String seconds(Duration time) {
    return String.format(Locale.ROOT, "%.3f s", time.toNanos() / 1e9);
  }
}
