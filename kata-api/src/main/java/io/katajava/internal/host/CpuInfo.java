package io.katajava.internal.host;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What {@code /proc/cpuinfo} says, whose layout differs between architectures.
 *
 * @param vendor the vendor, or empty
 * @param model the model, or empty
 * @param count how many processors are listed
 * @param flags the first list of features; for riscv64 the extensions of the first hart
 */
record CpuInfo(String vendor, String model, int count, Set<String> flags) {
  private static final Map<String, String> ARM_IMPLEMENTERS =
      Map.of(
          "0x41", "ARM Limited",
          "0x42", "Broadcom",
          "0x43", "Cavium",
          "0x46", "Fujitsu",
          "0x48", "HiSilicon",
          "0x4e", "NVIDIA",
          "0x50", "Applied Micro",
          "0x51", "Qualcomm",
          "0x61", "Apple",
          "0xc0", "Ampere");

  static CpuInfo parse(String architecture, String text) {
    Map<String, String> first = new LinkedHashMap<>();
    int processors = 0;
    int s390Processors = 0;
    for (String line : text.split("\n", -1)) {
      int colon = line.indexOf(':');
      if (colon < 0) {
        continue;
      }
      String key = line.substring(0, colon).strip();
      first.putIfAbsent(key, line.substring(colon + 1).strip());
      if (key.equals("processor")) {
        processors++;
      } else if (key.matches("processor \\d+")) {
        s390Processors++;
      }
    }
    return switch (architecture) {
      case "aarch64" -> arm(first, processors);
      case "ppc64" ->
          new CpuInfo(
              power(first.getOrDefault("cpu", "")),
              first.getOrDefault("model", first.getOrDefault("cpu", "")),
              processors,
              Set.of());
      case "s390x" ->
          new CpuInfo(
              first.getOrDefault("vendor_id", ""),
              s390Model(first),
              s390Processors,
              words(first.getOrDefault("features", "")));
      case "riscv64" ->
          new CpuInfo(
              first.getOrDefault("mvendorid", ""),
              first.getOrDefault("uarch", first.getOrDefault("isa", "")),
              processors,
              riscvExtensions(first.getOrDefault("isa", "")));
      default ->
          new CpuInfo(
              first.getOrDefault("vendor_id", ""),
              first.getOrDefault("model name", ""),
              processors,
              words(first.getOrDefault("flags", "")));
    };
  }

  private static CpuInfo arm(Map<String, String> first, int processors) {
    String implementer = first.getOrDefault("CPU implementer", "");
    String part = first.getOrDefault("CPU part", "");
    String version = first.getOrDefault("CPU architecture", "");
    String model = "v" + (version.isEmpty() ? "?" : version);
    return new CpuInfo(
        ARM_IMPLEMENTERS.getOrDefault(implementer.toLowerCase(Locale.ROOT), implementer),
        part.isEmpty() ? model : model + " part " + part,
        processors,
        words(first.getOrDefault("Features", "")));
  }

  /** "POWER9, altivec supported" is a processor and a remark. */
  private static String power(String cpu) {
    int comma = cpu.indexOf(',');
    return comma < 0 ? cpu : cpu.substring(0, comma);
  }

  /** The processor's lines read "version = FF, identification = 2733E8, machine = 2964". */
  private static String s390Model(Map<String, String> first) {
    return first.entrySet().stream()
        .filter(entry -> entry.getKey().matches("processor \\d+"))
        .flatMap(entry -> Arrays.stream(entry.getValue().split(",", -1)))
        .map(String::strip)
        .filter(part -> part.startsWith("machine ="))
        .map(part -> part.substring("machine =".length()).strip())
        .findFirst()
        .orElse("");
  }

  /** "rv64imafdch_zicsr_zifencei": single letters, then words after underscores. */
  private static Set<String> riscvExtensions(String isa) {
    String[] parts = isa.toLowerCase(Locale.ROOT).split("_", -1);
    Set<String> extensions =
        Arrays.stream(parts).skip(1).collect(Collectors.toCollection(java.util.TreeSet::new));
    String base = parts[0].replaceFirst("^rv\\d+", "");
    for (int i = 0; i < base.length(); i++) {
      extensions.add(base.substring(i, i + 1));
    }
    return extensions;
  }

  private static Set<String> words(String text) {
    return Arrays.stream(text.split("\\s+", -1))
        .filter(word -> !word.isEmpty())
        .collect(Collectors.toUnmodifiableSet());
  }
}
