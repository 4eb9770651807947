package io.katajava.internal.host;

import io.katajava.MemorySize;
import io.katajava.spi.HostView;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What {@code /proc/meminfo} says; zero where it says nothing. */
record MemoryInfo(MemorySize total, MemorySize free, MemorySize available) {
  private static final Pattern LINE =
      Pattern.compile("^(MemTotal|MemFree|MemAvailable):\\s+(\\d{1,15}) kB$", Pattern.MULTILINE);

  static MemoryInfo of(HostView host) {
    long total = 0;
    long free = 0;
    long available = 0;
    Matcher matcher = LINE.matcher(host.text("/proc/meminfo").orElse(""));
    while (matcher.find()) {
      long bytes = Long.parseLong(matcher.group(2)) << 10;
      switch (matcher.group(1)) {
        case "MemTotal" -> total = bytes;
        case "MemFree" -> free = bytes;
        default -> available = bytes;
      }
    }
    return new MemoryInfo(
        MemorySize.bytes(total), MemorySize.bytes(free), MemorySize.bytes(available));
  }
}
