package io.katajava.bench;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How a report is told. */
final class ReportOptions {
  @Option(names = "--json", description = "Print JSON, with every sample.")
  boolean json;

  @Option(
      names = "--html",
      paramLabel = "FILE",
      description = "Write a page with plots as well; it needs no other file and no network.")
  @Nullable Path html;

  ReportOptions() {}

  void tell(BenchReport report, PrintWriter out) throws IOException {
    if (html != null) {
      HtmlReport.write(report, html);
    }
    if (json) {
      out.println(report.toJson().toJson());
      out.flush();
    } else {
      report.print(out);
    }
  }
}
