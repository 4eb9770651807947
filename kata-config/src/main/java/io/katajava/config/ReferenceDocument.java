package io.katajava.config;

import io.katajava.config.internal.HypervisorNames;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;

/** The reference in the documentation, made from the table of keys. */
final class ReferenceDocument {
  private static final String HEAD = "reference-head.md";
  private static final List<String> TABLES =
      List.of(
          "hypervisor.qemu",
          "hypervisor.qemu.factory",
          "hypervisor.qemu.rootless_user",
          "hypervisor.qemu.guest_extension_images[]",
          "agent.kata",
          "agent.kata.mem_agent",
          "runtime",
          "runtime.shared_mounts[]",
          "factory");

  private final StringBuilder out = new StringBuilder();

  private ReferenceDocument() {}

  static String markdown() {
    ReferenceDocument document = new ReferenceDocument();
    document.out.append(head());
    TABLES.forEach(document::table);
    document.otherHypervisors();
    return document.out.toString();
  }

  private static String head() {
    try (InputStream in = ReferenceDocument.class.getResourceAsStream(HEAD)) {
      if (in == null) {
        throw new IllegalStateException("the resource " + HEAD + " is missing from the jar");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("the resource " + HEAD + " cannot be read", e);
    }
  }

  private void table(String table) {
    String header = table.endsWith("[]") ? "[" + table.replace("[]", "") + "]" : table;
    out.append("\n### `[").append(header).append("]`\n\n");
    out.append("| key | values | default | acted on | meaning | read by | annotation |\n");
    out.append("|---|---|---|---|---|---|---|\n");
    for (ConfigurationKey key : ConfigurationKeys.of(table)) {
      out.append("| `").append(key.name()).append("` | ");
      out.append(cell(key.describeAllowed())).append(" | ");
      out.append(
              key.required()
                  ? "required"
                  : key.defaultLiteral().map(text -> "`" + cell(text) + "`").orElse("-"))
          .append(" | ");
      out.append(key.actedOn() ? "yes: " : "no: ").append(cell(key.how())).append(" | ");
      out.append(cell(key.meaning())).append(" | ");
      out.append(
              key.runtimes().stream().map(Layout::label).sorted().collect(Collectors.joining(" ")))
          .append(" | ");
      out.append(key.annotation().map(name -> "`" + name + "`").orElse("-")).append(" |\n");
    }
  }

  private void otherHypervisors() {
    out.append(
        "\n### Other hypervisors\n\nTheir sections are read and checked by the same table, and"
            + " nothing of them is acted on.\nEach has a part of the keys of"
            + " `[hypervisor.qemu]`:\n\n");
    for (String name : HypervisorNames.ALL) {
      if (!name.equals(KataConfiguration.QEMU)) {
        out.append("- `[hypervisor.").append(name).append("]`: ");
        out.append(
            ConfigurationKeys.of("hypervisor." + name).stream()
                .map(key -> "`" + key.name() + "`")
                .collect(Collectors.joining(", ")));
        out.append('\n');
      }
    }
  }

  private static String cell(String text) {
    return text.replace("|", "\\|");
  }
}
