package io.katajava;

import io.katajava.base.text.PrintableText;
import io.katajava.spi.VmEvidence;
import java.util.stream.Collectors;

/**
 * Thrown when a sandbox could not be started. Nothing of it is left; what was seen is in here.
 * {@link #getMessage()} is the short form, {@link #report()} the long one.
 */
public final class SandboxStartException extends KataException {
  private final transient VmEvidence evidence;
  private final transient SandboxTimeline timeline;

  /**
   * Makes the exception.
   *
   * @param code what went wrong
   * @param message what was attempted, on what, and why it failed
   * @param details phase, sandbox, remedy, cause
   * @param evidence what was seen of the machine
   * @param timeline the phases up to the failure
   */
  public SandboxStartException(
      ErrorCode code,
      String message,
      Details details,
      VmEvidence evidence,
      SandboxTimeline timeline) {
    super(code, message, details);
    this.evidence = evidence;
    this.timeline = timeline;
  }

  /**
   * What was seen of the machine: command line, exit status, stderr and console tails.
   *
   * @return the evidence
   */
  public VmEvidence evidence() {
    return evidence;
  }

  /**
   * The phases up to the failure.
   *
   * @return the timeline
   */
  public SandboxTimeline timeline() {
    return timeline;
  }

  /**
   * Everything for a person to read: message, phases, command line, stderr and console.
   *
   * @return several lines
   */
  public String report() {
    StringBuilder text = new StringBuilder(String.valueOf(getMessage())).append('\n');
    stage().ifPresent(stage -> text.append("stage: ").append(stage.label()).append('\n'));
    text.append(timeline.toTable());
    if (!evidence.commandLine().isEmpty()) {
      text.append("command line: ")
          .append(
              evidence.commandLine().stream()
                  .map(SandboxStartException::quote)
                  .collect(Collectors.joining(" ")))
          .append('\n');
    }
    evidence
        .exitStatus()
        .ifPresent(status -> text.append("exit status: ").append(status).append('\n'));
    section(text, "hypervisor's stderr", evidence.stderrTail());
    section(text, "guest console", evidence.consoleTail());
    return PrintableText.lines(text.toString());
  }

  private static void section(StringBuilder text, String title, String content) {
    if (!content.isBlank()) {
      text.append(title).append(":\n").append(content.strip().indent(2));
    }
  }

  private static String quote(String argument) {
    return argument.matches("[\\w@%+=:,./-]+")
        ? argument
        : "'" + argument.replace("'", "'\\''") + "'";
  }
}
