package io.katajava.spi;

import io.katajava.base.text.PrintableText;
import java.util.List;
import java.util.OptionalInt;

/**
 * The evidence that a failed start leaves for people to read.
 *
 * @param commandLine the hypervisor's arguments, secrets redacted
 * @param exitStatus the process's exit status, when it has ended
 * @param stderrTail the last lines of the hypervisor's standard error
 * @param consoleTail the last lines of the guest's console
 */
public record VmEvidence(
    List<String> commandLine, OptionalInt exitStatus, String stderrTail, String consoleTail) {

  private static final VmEvidence NONE = new VmEvidence(List.of(), OptionalInt.empty(), "", "");

  /** Copies the command line; of the tails, terminal sequences are taken out. */
  public VmEvidence {
    commandLine = List.copyOf(commandLine);
    stderrTail = PrintableText.console(stderrTail);
    consoleTail = PrintableText.console(consoleTail);
  }

  /**
   * Nothing was started yet.
   *
   * @return empty evidence
   */
  public static VmEvidence none() {
    return NONE;
  }
}
