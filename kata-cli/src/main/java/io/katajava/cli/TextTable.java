package io.katajava.cli;

import io.katajava.base.text.PrintableText;
import java.util.List;

/** Columns of text, two spaces between them; what is not printable in a cell is escaped. */
final class TextTable {
  private TextTable() {}

  static String of(List<List<String>> texts) {
    List<List<String>> rows =
        texts.stream().map(row -> row.stream().map(PrintableText::line).toList()).toList();
    int columns = rows.stream().mapToInt(List::size).max().orElse(0);
    int[] widths = new int[columns];
    for (List<String> row : rows) {
      for (int i = 0; i < row.size(); i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    StringBuilder out = new StringBuilder();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < row.size(); i++) {
        line.append(row.get(i)).append(" ".repeat(widths[i] - row.get(i).length() + 2));
      }
      out.append(line.toString().stripTrailing()).append('\n');
    }
    return out.toString();
  }
}
