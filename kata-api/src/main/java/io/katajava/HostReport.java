package io.katajava;

import java.util.List;
import java.util.Optional;

/**
 * The outcome of {@link Host#check()}.
 *
 * @param findings what was found, in the order in which people should read it
 * @param broken the checks that could not be made
 */
public record HostReport(List<HostFinding> findings, List<BrokenCheck> broken) {

  /** The verdict on whether sandboxes can be started. */
  public enum Verdict {
    /** Everything is as wanted. */
    USABLE,
    /** Sandboxes start, but something is slower or missing: see the warnings. */
    USABLE_WITH_LIMITS,
    /** No sandbox can be started: see the failures. */
    NOT_USABLE,
    /** Nothing failed, but some checks could not be made, so nothing can be said for sure. */
    UNKNOWN
  }

  /**
   * A check that could not be made. This is the check's failure, not the host's.
   *
   * @param check its group
   * @param problem why it could not be made
   */
  public record BrokenCheck(String check, String problem) {}

  /** Copies the lists. */
  public HostReport {
    findings = List.copyOf(findings);
    broken = List.copyOf(broken);
  }

  /**
   * The sum of the findings: a failure weighs most, then a check that could not be made, then a
   * warning.
   *
   * @return whether sandboxes can be started
   */
  public Verdict verdict() {
    if (has(HostFinding.Status.FAILED)) {
      return Verdict.NOT_USABLE;
    }
    if (!broken.isEmpty()) {
      return Verdict.UNKNOWN;
    }
    return has(HostFinding.Status.WARNED) ? Verdict.USABLE_WITH_LIMITS : Verdict.USABLE;
  }

  /**
   * One of the findings.
   *
   * @param group its group
   * @param name its name
   * @return the finding; empty when that was not looked at
   */
  public Optional<HostFinding> find(String group, String name) {
    return findings.stream()
        .filter(finding -> finding.group().equals(group) && finding.name().equals(name))
        .findFirst();
  }

  private boolean has(HostFinding.Status status) {
    return findings.stream().anyMatch(finding -> finding.status() == status);
  }
}
