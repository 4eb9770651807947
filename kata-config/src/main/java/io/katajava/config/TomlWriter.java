package io.katajava.config;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * A configuration as a file: tables and keys in the order of the reference, each with a comment.
 */
final class TomlWriter {
  private static final int WIDTH = 100;

  private final ConfigurationValues configuration;
  private final StringBuilder out = new StringBuilder();

  TomlWriter(ConfigurationValues configuration) {
    this.configuration = configuration;
  }

  String write() {
    Set<String> tables = new LinkedHashSet<>();
    for (Setting setting : configuration.settings()) {
      tables.add(setting.table());
    }
    List<String> headers = new ArrayList<>(configuration.tables());
    headers.removeIf(tables::contains);
    for (String table : headers) {
      header(table);
    }
    for (String table : tables) {
      header(table);
      for (Setting setting : configuration.settings()) {
        if (setting.table().equals(table)) {
          setting(setting);
        }
      }
    }
    return out.toString();
  }

  private void header(String table) {
    if (out.length() > 0) {
      out.append('\n');
    }
    out.append('[').append(table).append("]\n");
  }

  private void setting(Setting setting) {
    ConfigurationKey key = setting.key();
    comment(key.meaning());
    String facts = key.describeAllowed();
    comment(
        "Allowed: "
            + facts
            + key.defaultLiteral().map(text -> ". Default: " + text).orElse("")
            + ".");
    out.append(key.name()).append(" = ").append(TomlText.of(setting.value())).append('\n');
  }

  private void comment(String text) {
    StringBuilder line = new StringBuilder("#");
    for (String word : text.split(" ", -1)) {
      if (line.length() + 1 + word.length() > WIDTH) {
        out.append(line).append('\n');
        line = new StringBuilder("#");
      }
      line.append(' ').append(word);
    }
    out.append(line).append('\n');
  }
}
