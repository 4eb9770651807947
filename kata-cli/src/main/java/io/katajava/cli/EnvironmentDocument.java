package io.katajava.cli;

import io.katajava.HostEnvironment;
import io.katajava.HostFact;
import io.katajava.agent.oci.OciSpec;
import io.katajava.json.JsonObject;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** The environment report: the sections and names of Kata's own, as TOML and JSON. */
final class EnvironmentDocument {
  /** The version of Kata's report whose fields these are. */
  static final String FORMAT = "1.0.27";

  private static final List<String> ORDER =
      List.of("Kernel", "Meta", "Image", "Initrd", "Hypervisor", "Runtime", "Host", "Agent");

  private final Map<String, Map<String, Object>> sections = new LinkedHashMap<>();

  EnvironmentDocument(HostEnvironment environment, String version) {
    ORDER.forEach(section -> sections.put(section, new LinkedHashMap<>()));
    put("Meta", "Version", FORMAT);
    runtime(version);
    host(environment);
    for (HostFact fact : environment.facts()) {
      put(fact.section(), fact.name(), fact.value());
    }
  }

  private void put(String section, String name, Object value) {
    sections.computeIfAbsent(section, key -> new LinkedHashMap<>()).put(name, value);
  }

  /** As without a configuration; what one says comes with the facts. */
  private void runtime(String version) {
    put("Runtime", "Path", ownPath());
    put("Runtime", "GuestSeLinuxLabel", "");
    put("Runtime", "Experimental", List.of());
    put("Runtime", "Debug", false);
    put("Runtime", "Trace", false);
    put("Runtime", "DisableGuestSeccomp", false);
    put("Runtime", "DisableNewNetNs", true);
    put("Runtime", "SandboxCgroupOnly", false);
    put("Runtime", "Java", System.getProperty("java.vm.name") + " " + Runtime.version());
    put("Runtime.Config", "Path", "");
    put("Runtime.Version", "OCI", OciSpec.VERSION);
    String[] numbers = version.split("[.+-]", -1);
    put("Runtime.Version.Version", "Semver", version);
    put("Runtime.Version.Version", "Commit", HostFact.UNKNOWN);
    put("Runtime.Version.Version", "Major", number(numbers, 0));
    put("Runtime.Version.Version", "Minor", number(numbers, 1));
    put("Runtime.Version.Version", "Patch", number(numbers, 2));
  }

  private static long number(String[] numbers, int position) {
    return position < numbers.length && numbers[position].matches("\\d{1,9}")
        ? Long.parseLong(numbers[position])
        : 0;
  }

  private static String ownPath() {
    try {
      return Path.of(
              EnvironmentDocument.class.getProtectionDomain().getCodeSource().getLocation().toURI())
          .toString();
    } catch (java.net.URISyntaxException | IllegalArgumentException e) {
      return HostFact.UNKNOWN;
    }
  }

  private void host(HostEnvironment environment) {
    put("Host", "Kernel", environment.kernel());
    put("Host", "Architecture", environment.architecture());
    put("Host", "VMContainerCapable", environment.vmCapable());
    put("Host", "SupportVSocks", environment.vsock());
    put("Host", "AvailableGuestProtections", environment.guestProtections());
    put("Host.Distro", "Name", environment.distribution().name());
    put("Host.Distro", "Version", environment.distribution().version());
    put("Host.CPU", "Vendor", environment.cpu().vendor());
    put("Host.CPU", "Model", environment.cpu().model());
    put("Host.CPU", "CPUs", (long) environment.cpu().count());
    put("Host.Memory", "Total", environment.memory().total().bytes() >> 10);
    put("Host.Memory", "Free", environment.memory().free().bytes() >> 10);
    put("Host.Memory", "Available", environment.memory().available().bytes() >> 10);
  }

  String toml() {
    StringBuilder out = new StringBuilder();
    for (String top : ORDER) {
      // Sorted, a section's own values come before its subsections'.
      Map<String, Map<String, Object>> group = new TreeMap<>();
      sections.forEach(
          (name, values) -> {
            if (name.equals(top) || name.startsWith(top + ".")) {
              group.put(name, values);
            }
          });
      group.forEach((name, values) -> table(out, name, values));
    }
    return out.toString();
  }

  private static void table(StringBuilder out, String name, Map<String, Object> values) {
    if (!out.isEmpty()) {
      out.append('\n');
    }
    out.append('[').append(name).append("]\n");
    values.forEach((key, value) -> out.append(key).append(" = ").append(toml(value)).append('\n'));
  }

  private static String toml(Object value) {
    if (value instanceof List<?> list) {
      return "[" + String.join(", ", list.stream().map(EnvironmentDocument::toml).toList()) + "]";
    }
    return value instanceof String text ? quoted(text) : String.valueOf(value);
  }

  private static String quoted(String text) {
    StringBuilder out = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < ' ' || c == 0x7f) {
        out.append(String.format(Locale.ROOT, "\\u%04X", (int) c));
      } else {
        out.append(c);
      }
    }
    return out.append('"').toString();
  }

  JsonObject json() {
    JsonObject.Builder all = JsonObject.builder();
    for (String top : ORDER) {
      all.put(top, json(top));
    }
    return all.build();
  }

  private JsonObject json(String section) {
    JsonObject.Builder object = JsonObject.builder();
    sections.getOrDefault(section, Map.of()).forEach(object::put);
    for (String name : sections.keySet()) {
      if (name.startsWith(section + ".") && name.indexOf('.', section.length() + 1) < 0) {
        object.put(name.substring(section.length() + 1), json(name));
      }
    }
    return object.build();
  }
}
