package io.katajava.docs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The licences of everything that is published: jars that come along, crates in the guest agent.
 *
 * @param jars in the order of their coordinates
 * @param crates in the order of their names
 */
public record Licences(List<Entry> jars, List<Entry> crates) {

  /** The page they are shown on. */
  public static final String PAGE = "docs/licences.md";

  /**
   * One part.
   *
   * @param name coordinates or name of the crate
   * @param version its version
   * @param licence as its authors state it
   */
  public record Entry(String name, String version, String licence) {}

  /**
   * Reads what the build wrote.
   *
   * @param directory with {@code jars.txt}, a line {@code name TAB version TAB licence} for each,
   *     and {@code crates.json}, the output of {@code cargo metadata}
   * @return the licences
   * @throws IOException if a file is missing or something else than it should be
   */
  public static Licences read(Path directory) throws IOException {
    List<Entry> jars = new ArrayList<>();
    for (String line : Files.readAllLines(directory.resolve("jars.txt"))) {
      String[] columns = line.strip().split("\t", -1);
      if (columns.length == 3) {
        jars.add(new Entry(columns[0], columns[1], columns[2]));
      } else if (!line.isBlank()) {
        throw new IOException("jars.txt: three columns are expected, not: " + line);
      }
    }
    JsonNode metadata = new ObjectMapper().readTree(directory.resolve("crates.json").toFile());
    return new Licences(List.copyOf(jars), new Crates(metadata).linked());
  }

  /**
   * The page.
   *
   * @return Markdown
   */
  public String toMarkdown() {
    return """
    # Licences

    kata-java itself is under the [Apache License 2.0](../LICENSE). This list is made by the build; a part under another
    licence than those it knows makes the build fail.

    ## Jars

    What comes along with the published modules, `kata-config` included:

    | jar | version | licence |
    |---|---|---|
    %s
    ## The guest agent

    The agent is one static binary in the jar of `kata-guest`. In it are these crates, Rust's standard library (MIT or
    Apache-2.0), and the C library of the machine it was built on, glibc (LGPL-2.1 or later); its own sources, from which it can be linked
    anew, are in this project.

    | crate | version | licence |
    |---|---|---|
    %s
    Kernel and busybox of a guest are not published by this project: they are the host's, or fetched from the distribution.
    """
        .formatted(rows(jars), rows(crates));
  }

  private static String rows(List<Entry> entries) {
    StringBuilder rows = new StringBuilder();
    for (Entry entry : entries) {
      rows.append("| `%s` | %s | %s |%n".formatted(entry.name, entry.version, entry.licence));
    }
    return rows.toString();
  }

  /** Those that end up in the binary: no build scripts, no macros, nothing of other platforms. */
  private static final class Crates {
    private final Map<String, JsonNode> packages = new HashMap<>();
    private final Map<String, JsonNode> nodes = new HashMap<>();
    private final Set<String> seen = new HashSet<>();
    private final Map<String, Entry> linked = new TreeMap<>();
    private final String root;

    Crates(JsonNode metadata) {
      metadata.path("packages").forEach(crate -> packages.put(crate.path("id").asText(), crate));
      metadata
          .path("resolve")
          .path("nodes")
          .forEach(node -> nodes.put(node.path("id").asText(), node));
      root = metadata.path("resolve").path("root").asText();
    }

    List<Entry> linked() throws IOException {
      visit(root);
      return List.copyOf(linked.values());
    }

    private void visit(String id) throws IOException {
      JsonNode crate = packages.get(id);
      JsonNode node = nodes.get(id);
      if (crate == null || node == null) {
        throw new IOException("crates.json does not describe " + id);
      }
      if (!seen.add(id) || isMacro(crate)) {
        return;
      }
      if (!id.equals(root)) {
        String name = crate.path("name").asText();
        String version = crate.path("version").asText();
        linked.put(name + ' ' + version, new Entry(name, version, crate.path("license").asText()));
      }
      for (JsonNode dependency : node.path("deps")) {
        for (JsonNode kind : dependency.path("dep_kinds")) {
          if (kind.path("kind").isNull()) {
            visit(dependency.path("pkg").asText());
          }
        }
      }
    }

    private static boolean isMacro(JsonNode crate) {
      for (JsonNode target : crate.path("targets")) {
        for (JsonNode kind : target.path("kind")) {
          if (kind.asText().equals("proc-macro")) {
            return true;
          }
        }
      }
      return false;
    }
  }
}
