package io.katajava.junit.internal;

import io.katajava.ContainerLog;
import io.katajava.Sandbox;
import io.katajava.base.text.PrintableText;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Rides on a test's failure, suppressed, and shows what its sandbox had to say. */
public final class SandboxEvidence extends RuntimeException {
  private static final int CONSOLE_LINES = 60;
  private static final int LOG_LINES = 100;

  /**
   * Carries a text, and no stack trace.
   *
   * @param text all that is shown
   */
  public SandboxEvidence(String text) {
    super(PrintableText.console(text), null, false, false);
  }

  /**
   * Carries what {@link #of} found.
   *
   * @param evidence what there is to tell, by what it is
   */
  public SandboxEvidence(Map<String, String> evidence) {
    this(
        evidence.entrySet().stream()
            .map(entry -> entry.getKey() + ":\n" + entry.getValue().strip().indent(2))
            .collect(Collectors.joining("", "what the sandbox says\n", "")));
  }

  /**
   * What a sandbox has to tell: what was chosen for it, the phases of its start, the end of the
   * guest's console, the end of logs.
   *
   * @param sandbox the sandbox
   * @param logs the kept logs, by container
   * @return texts, by what they are; none is blank
   */
  public static Map<String, String> of(Sandbox sandbox, Map<String, ContainerLog> logs) {
    Map<String, String> all = new LinkedHashMap<>();
    all.put(
        "kata.sandbox",
        sandbox
            + "\n"
            + sandbox.describe().stream().map(String::valueOf).collect(Collectors.joining("\n")));
    all.put("kata.timeline", sandbox.timeline().toTable());
    all.put("kata.console", tail(sandbox.evidence().consoleTail().lines().toList(), CONSOLE_LINES));
    logs.forEach((name, log) -> all.put("kata.log." + name, lines(log)));
    all.values().removeIf(String::isBlank);
    return all;
  }

  private static String lines(ContainerLog log) {
    List<String> lines = new ArrayList<>();
    for (ContainerLog.Line line : log.lines()) {
      lines.add(line.at() + " " + line.stream() + " " + line.text());
    }
    return tail(lines, LOG_LINES);
  }

  private static String tail(List<String> lines, int count) {
    return String.join("\n", lines.subList(Math.max(0, lines.size() - count), lines.size()));
  }
}
