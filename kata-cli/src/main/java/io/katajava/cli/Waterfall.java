package io.katajava.cli;

import io.katajava.cli.StartRecorder.Row;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;

/** One start as a page: a bar for each phase, execution, call and command, one below the other. */
final class Waterfall {
  /** A page of more rows would be no picture any more. */
  private static final int MOST_ROWS = 500;

  // Nothing is loaded and nothing runs: the page is what is in it.
  @SuppressWarnings("InlineFormatString")
  private static final String HEAD =
      """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>%1$s</title>
      <style>
      :root { color-scheme: light dark; --line: #8884; --start: #888; --phase: #3b82f6; --rpc: #10b981;
        --hypervisor: #f59e0b; --exec: #8b5cf6; --failed: #dc2626; }
      body { font: 14px/1.4 system-ui, sans-serif; margin: 2em; }
      h1 { font-size: 1.3em; }
      table { border-collapse: collapse; width: 100%%; }
      th { text-align: left; font-weight: normal; opacity: .7; }
      td, th { padding: 1px 8px; border-bottom: 1px solid var(--line); white-space: nowrap; }
      td.time { text-align: right; font-variant-numeric: tabular-nums; }
      td.bars { width: 70%%; position: relative; }
      td.bars i { position: absolute; top: 3px; bottom: 3px; min-width: 2px; border-radius: 2px; }
      .start { background: var(--start); } .phase { background: var(--phase); } .rpc { background: var(--rpc); }
      .hypervisor { background: var(--hypervisor); } .exec { background: var(--exec); }
      i.failed { background: var(--failed); } i.open { opacity: .45; }
      .key span { padding: 0 .6em; margin-right: .6em; border-radius: 2px; color: #fff; }
      </style>
      </head>
      <body>
      <h1>%1$s</h1>
      <p>%2$s</p>
      <p class="key"><span class="phase">phase</span><span class="rpc">call of the agent</span><span
      class="hypervisor">QMP command</span><span class="exec">execution</span><span
      style="background: var(--failed)">failed</span> pale: had not ended</p>
      <table>
      <tr><th>what</th><th>at ms</th><th>took ms</th><th>0 to %3$s ms</th></tr>
      """;

  private Waterfall() {}

  static void write(String title, StartRecorder recorder, Path file) throws IOException {
    Files.writeString(file, page(title, Instant.now(), recorder.rows()));
  }

  static String page(String title, Instant when, List<Row> rows) {
    long end = rows.stream().mapToLong(Row::toNanos).max().orElse(1);
    StringBuilder page = new StringBuilder(16 << 10);
    page.append(
        String.format(
            Locale.ROOT,
            HEAD,
            escaped(title),
            escaped("Recorded " + when.truncatedTo(ChronoUnit.SECONDS) + "."),
            millis(end)));
    rows.stream().limit(MOST_ROWS).forEach(row -> append(page, row, Math.max(1, end)));
    page.append("</table>\n");
    if (rows.size() > MOST_ROWS) {
      page.append("<p>")
          .append(rows.size() - MOST_ROWS)
          .append(" more operations are not shown.</p>\n");
    }
    return page.append("</body>\n</html>\n").toString();
  }

  private static void append(StringBuilder page, Row row, long end) {
    long took = row.toNanos() - row.fromNanos();
    String about = StartRecorder.explanation(row);
    String hint = about + (about.isEmpty() || row.note().isEmpty() ? "" : ": ") + row.note();
    String style = row.kind().label();
    page.append("<tr title=\"")
        .append(escaped(hint))
        .append("\"><td style=\"padding-left: ")
        .append(8 + 16 * row.depth())
        .append("px\">")
        .append(escaped(StartRecorder.title(row)))
        .append("</td><td class=\"time\">")
        .append(millis(row.fromNanos()))
        .append("</td><td class=\"time\">")
        .append(millis(took))
        .append("</td><td class=\"bars\"><i class=\"")
        .append(row.failed() ? style + " failed" : row.ended() ? style : style + " open")
        .append("\" style=\"left: ")
        .append(percent(row.fromNanos(), end))
        .append("%; width: ")
        .append(percent(took, end))
        .append("%\"></i></td></tr>\n");
  }

  private static String millis(long nanos) {
    return String.format(Locale.ROOT, "%.1f", nanos / 1e6);
  }

  private static String percent(long part, long whole) {
    return String.format(Locale.ROOT, "%.3f", 100.0 * part / whole);
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        .replace("'", "&#39;");
  }
}
