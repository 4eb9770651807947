package io.katajava.junit.testcontainers;

import io.katajava.MemorySize;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The options of a tmpfs as Docker takes them, of which only the size counts. */
final class TmpfsOptions {
  private static final MemorySize DEFAULT = MemorySize.mebibytes(64);
  private static final Pattern SIZE = Pattern.compile("(?:^|,)size=(\\d+)([kKmMgG]?)(?:,|$)");

  private TmpfsOptions() {}

  static MemorySize size(String options) {
    Matcher size = SIZE.matcher(options);
    if (!size.find()) {
      return DEFAULT;
    }
    long number = Long.parseLong(size.group(1));
    return switch (size.group(2)) {
      case "k", "K" -> MemorySize.kibibytes(number);
      case "m", "M" -> MemorySize.mebibytes(number);
      case "g", "G" -> MemorySize.gibibytes(number);
      default -> MemorySize.bytes(number);
    };
  }
}
