package io.katajava.internal.sandbox;

import io.katajava.ContainerStats;
import io.katajava.MemorySize;
import io.katajava.SandboxStats;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Figures of the guest out of an agent's Prometheus text; names, labels and units are those of
 * Kata's agent. What is not there or is no number counts as 0.
 */
final class GuestFigures {
  private static final Pattern LINE =
      Pattern.compile("(kata_guest_\\w+)\\{([^}]*)\\} (\\S+)(?: -?\\d+)?");
  private static final Pattern ITEM = Pattern.compile("(?:^|,)item=\"(\\w+)\"");

  private final Map<String, Double> values = new HashMap<>();

  GuestFigures(String text) {
    for (String line : text.lines().toList()) {
      Matcher sample = LINE.matcher(line);
      if (sample.matches() && !isOneCpu(sample.group(2))) {
        Matcher item = ITEM.matcher(sample.group(2));
        if (item.find()) {
          values.put(sample.group(1) + " " + item.group(1), number(sample.group(3)));
        }
      }
    }
  }

  private static boolean isOneCpu(String labels) {
    return labels.contains("cpu=\"") && !labels.contains("cpu=\"total\"");
  }

  private static double number(String text) {
    try {
      double number = Double.parseDouble(text);
      return Double.isFinite(number) ? Math.max(0, number) : 0;
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  private double value(String family, String item) {
    return values.getOrDefault("kata_guest_" + family + " " + item, 0.0);
  }

  private MemorySize memory(String item) {
    return MemorySize.bytes((long) value("meminfo", item));
  }

  private Duration cpu(String item) {
    // Milliseconds; a guest that claims more than 30000 years is cut there.
    return Duration.ofMillis((long) Math.min(value("cpu_time", item), 1e15));
  }

  SandboxStats with(Map<String, ContainerStats> containers) {
    return new SandboxStats(
        new SandboxStats.Memory(
            memory("mem_total"),
            memory("mem_free"),
            memory("mem_available"),
            memory("cached"),
            memory("swap_total"),
            memory("swap_free")),
        new SandboxStats.Cpu(
            cpu("user"),
            cpu("nice"),
            cpu("system"),
            cpu("idle"),
            cpu("iowait"),
            cpu("irq").plus(cpu("softirq")),
            cpu("steal")),
        new SandboxStats.Load(
            value("load", "load1"),
            value("load", "load5"),
            value("load", "load15"),
            (long) value("tasks", "cur"),
            (long) value("tasks", "max")),
        containers);
  }
}
