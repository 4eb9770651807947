package io.katajava.cli;

import io.katajava.HostFinding;
import io.katajava.HostFinding.Status;
import io.katajava.HostReport;
import io.katajava.HostReport.BrokenCheck;
import io.katajava.json.JsonObject;
import java.util.List;

/** A host report for people and for programs. */
final class HostReportText {
  private static final int STATUS_WIDTH = 7;
  private static final int NAME_WIDTH = 26;

  private final HostReport report;
  private final Terminal terminal;

  HostReportText(HostReport report, Terminal terminal) {
    this.report = report;
    this.terminal = terminal;
  }

  /** The verdict and what is not as wanted; with {@code all}, every finding. */
  String text(boolean all) {
    StringBuilder out = new StringBuilder();
    for (HostFinding finding : report.findings()) {
      if (all || finding.status() == Status.WARNED || finding.status() == Status.FAILED) {
        line(out, finding);
      }
    }
    for (BrokenCheck broken : report.broken()) {
      out.append(status("BROKEN", "bold,magenta"))
          .append(pad(broken.check(), NAME_WIDTH))
          .append("this check could not be made: ")
          .append(broken.problem())
          .append('\n');
    }
    if (!out.isEmpty()) {
      out.append('\n');
    }
    return out.append(verdict()).append('\n').toString();
  }

  private void line(StringBuilder out, HostFinding finding) {
    String style =
        switch (finding.status()) {
          case PASSED -> "green";
          case WARNED -> "yellow";
          case FAILED -> "bold,red";
          case SKIPPED -> "faint";
        };
    out.append(status(finding.status().name(), style))
        .append(pad(finding.group() + "/" + finding.name(), NAME_WIDTH))
        .append(finding.reason())
        .append('\n');
    finding
        .remedy()
        .ifPresent(
            remedy ->
                out.append(" ".repeat(STATUS_WIDTH + 1 + NAME_WIDTH + 1))
                    .append("-> ")
                    .append(remedy)
                    .append('\n'));
  }

  private String status(String word, String style) {
    return terminal.paint(style, word) + " ".repeat(Math.max(1, STATUS_WIDTH + 1 - word.length()));
  }

  private static String pad(String text, int width) {
    return text + " ".repeat(Math.max(1, width + 1 - text.length()));
  }

  private String verdict() {
    return switch (report.verdict()) {
      case USABLE -> "This host can run sandboxes.";
      case USABLE_WITH_LIMITS ->
          "This host can run sandboxes, with " + count(Status.WARNED, "limit") + ".";
      case NOT_USABLE ->
          "This host cannot run sandboxes: " + count(Status.FAILED, "check") + " failed.";
      case UNKNOWN ->
          "It is not known whether this host can run sandboxes: some checks could not be made.";
    };
  }

  private String count(Status status, String noun) {
    long count = report.findings().stream().filter(f -> f.status() == status).count();
    return count + " " + noun + (count == 1 ? "" : "s");
  }

  JsonObject json() {
    List<JsonObject> findings =
        report.findings().stream()
            .map(
                finding ->
                    JsonObject.builder()
                        .put("group", finding.group())
                        .put("name", finding.name())
                        .put("status", word(finding.status()))
                        .put("reason", finding.reason())
                        .put("remedy", finding.remedy().orElse(null))
                        .build())
            .toList();
    List<JsonObject> broken =
        report.broken().stream()
            .map(
                one ->
                    JsonObject.builder()
                        .put("check", one.check())
                        .put("problem", one.problem())
                        .build())
            .toList();
    return JsonObject.builder()
        .put("verdict", word(report.verdict()))
        .put("exitCode", exitCode())
        .put("findings", findings)
        .put("broken", broken)
        .build();
  }

  int exitCode() {
    return switch (report.verdict()) {
      case USABLE -> ExitCodes.DONE;
      case USABLE_WITH_LIMITS -> ExitCodes.USABLE_WITH_LIMITS;
      case NOT_USABLE -> ExitCodes.NOT_USABLE;
      case UNKNOWN -> ExitCodes.OWN_FAILURE;
    };
  }

  private static String word(Enum<?> value) {
    return value.name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
  }
}
