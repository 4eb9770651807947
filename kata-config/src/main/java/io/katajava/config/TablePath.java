package io.katajava.config;

import io.katajava.config.internal.HypervisorNames;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A table of the configuration: its kind, and whose it is.
 *
 * @param kind what the reference calls it, for example {@code hypervisor.factory}
 * @param owner the hypervisor's or agent's name; empty for {@code runtime} and {@code factory}
 */
record TablePath(String kind, String owner) {
  private static final Pattern HYPERVISOR =
      Pattern.compile(
          "hypervisor\\.([A-Za-z0-9_-]+)(\\.factory|\\.rootless_user|\\.guest_extension_images\\[])?");
  private static final Pattern AGENT = Pattern.compile("agent\\.(kata)(\\.mem_agent)?");

  static Optional<TablePath> parse(String path) {
    Matcher hypervisor = HYPERVISOR.matcher(path);
    if (hypervisor.matches() && HypervisorNames.ALL.contains(hypervisor.group(1))) {
      return Optional.of(
          new TablePath(
              "hypervisor" + (hypervisor.group(2) == null ? "" : hypervisor.group(2)),
              hypervisor.group(1)));
    }
    Matcher agent = AGENT.matcher(path);
    if (agent.matches()) {
      return Optional.of(
          new TablePath("agent" + (agent.group(2) == null ? "" : agent.group(2)), agent.group(1)));
    }
    return switch (path) {
      case "runtime", "factory", "runtime.shared_mounts[]" -> Optional.of(new TablePath(path, ""));
      default -> Optional.empty();
    };
  }

  /** Whether a table is that of a hypervisor or agent itself, whose header alone says something. */
  static boolean isOwner(String path) {
    return parse(path)
        .filter(at -> at.kind().equals("hypervisor") || at.kind().equals("agent"))
        .isPresent();
  }

  /** The hypervisor's or agent's table above, or the table itself. */
  static String owner(String path) {
    String[] parts = path.split("\\.", -1);
    return parts.length > 2 ? parts[0] + "." + parts[1] : path;
  }
}
