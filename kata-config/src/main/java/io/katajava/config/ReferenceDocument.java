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
  private static final int WIDTH = 120;
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
    for (ConfigurationKey key : ConfigurationKeys.of(table)) {
      item("- ", "`" + key.name() + "`: " + key.meaning());
      item("  - ", "Values: " + key.describeAllowed() + ". " + defaultOf(key));
      item("  - ", (key.actedOn() ? "Acted on: " : "No effect: ") + key.how() + ".");
      item("  - ", readers(key));
    }
  }

  private static String defaultOf(ConfigurationKey key) {
    if (key.required()) {
      return "The key is required.";
    }
    return key.defaultLiteral().map(text -> "Default: `" + text + "`.").orElse("No default.");
  }

  private static String readers(ConfigurationKey key) {
    return "Read by: "
        + key.runtimes().stream().map(Layout::label).sorted().collect(Collectors.joining(", "))
        + key.annotation().map(name -> ". Annotation: `" + name + "`.").orElse(". No annotation.");
  }

  /** An item of a list, in lines that are not too wide to be read. */
  private void item(String mark, String text) {
    int column = mark.length();
    out.append(mark);
    String gap = "";
    for (String word : text.split(" ", -1)) {
      if (column + gap.length() + word.length() > WIDTH) {
        gap = "\n" + " ".repeat(mark.length());
        column = mark.length() - gap.length();
      }
      out.append(gap).append(word);
      column += gap.length() + word.length();
      gap = " ";
    }
    out.append('\n');
  }

  private void otherHypervisors() {
    out.append(
        "\n### Other hypervisors\n\nTheir sections are read and checked by the same table, and"
            + " nothing of them is acted on.\nEach has a part of the keys of"
            + " `[hypervisor.qemu]`:\n\n");
    for (String name : HypervisorNames.ALL) {
      if (!name.equals(KataConfiguration.QEMU)) {
        item(
            "- ",
            "`[hypervisor."
                + name
                + "]`: "
                + ConfigurationKeys.of("hypervisor." + name).stream()
                    .map(key -> "`" + key.name() + "`")
                    .collect(Collectors.joining(", ")));
      }
    }
  }
}
