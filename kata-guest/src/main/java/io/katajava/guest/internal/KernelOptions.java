package io.katajava.guest.internal;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Options of a kernel in the way of its {@code .config}: {@code CONFIG_NAME=value}. One that is off
 * stands there as a comment, {@code # CONFIG_NAME is not set}, or not at all.
 */
final class KernelOptions {
  private static final Pattern SET = Pattern.compile("(CONFIG_[A-Za-z0-9_]+)=(.+)");

  private final Map<String, String> values;

  private KernelOptions(Map<String, String> values) {
    this.values = values;
  }

  /** Our own options for an architecture, as they are in the jar. */
  static String fragment(String architecture) throws Unusable, IOException {
    try (InputStream in =
        KernelOptions.class.getResourceAsStream(
            "/io/katajava/guest/kernel-" + architecture + ".config")) {
      if (in == null) {
        throw new Unusable("there are no kernel options for " + architecture);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  static KernelOptions parse(String text) {
    Map<String, String> values = new LinkedHashMap<>();
    for (String line : text.lines().toList()) {
      Matcher option = SET.matcher(line.strip());
      if (option.matches()) {
        values.put(option.group(1), option.group(2));
      }
    }
    return new KernelOptions(values);
  }

  int size() {
    return values.size();
  }

  boolean isBuiltIn(String name) {
    return "y".equals(values.get(name));
  }

  /**
   * What of these did not get into a configuration: kconfig drops an option, without a word, when
   * what it depends on is off or when this kernel does not know it.
   */
  List<String> lostIn(KernelOptions resolved) {
    return values.entrySet().stream()
        .filter(option -> !option.getValue().equals(resolved.values.get(option.getKey())))
        .map(option -> option.getKey() + "=" + option.getValue())
        .toList();
  }
}
