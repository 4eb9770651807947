package io.katajava;

import java.util.Objects;
import java.util.Optional;

/**
 * The finding of one check of the host.
 *
 * @param group what it belongs to: {@code cpu}, {@code module}, {@code device}, {@code host}, or
 *     the name of a {@link io.katajava.spi.HostProbe}
 * @param name what was looked at, for example {@code vmx}; unique in its group
 * @param status how it came out
 * @param reason what was found, a clause
 * @param remedy what to do about it, a sentence without its stop; always there when the status is
 *     {@link Status#WARNED} or {@link Status#FAILED}
 */
public record HostFinding(
    String group, String name, Status status, String reason, Optional<String> remedy) {

  /** The result of a check. */
  public enum Status {
    /** As wanted. */
    PASSED,
    /** Sandboxes start, but something is slower or missing. */
    WARNED,
    /** No sandbox can be started. */
    FAILED,
    /** Not looked at, because it makes no sense here or was not asked for. */
    SKIPPED
  }

  /**
   * Checks the parts.
   *
   * @throws IllegalArgumentException when a warning or failure has no remedy
   */
  public HostFinding {
    Objects.requireNonNull(group, "group");
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(reason, "reason");
    if (remedy.isEmpty() && (status == Status.WARNED || status == Status.FAILED)) {
      throw new IllegalArgumentException(
          group + "/" + name + " is " + status + " but has no remedy");
    }
  }

  /**
   * As wanted.
   *
   * @param group the group
   * @param name what was looked at
   * @param reason what was found
   * @return the finding
   */
  public static HostFinding passed(String group, String name, String reason) {
    return new HostFinding(group, name, Status.PASSED, reason, Optional.empty());
  }

  /**
   * A limit, with which sandboxes still start.
   *
   * @param group the group
   * @param name what was looked at
   * @param reason what was found, and what it limits
   * @param remedy what to do
   * @return the finding
   */
  public static HostFinding warned(String group, String name, String reason, String remedy) {
    return new HostFinding(group, name, Status.WARNED, reason, Optional.of(remedy));
  }

  /**
   * Something without which no sandbox starts.
   *
   * @param group the group
   * @param name what was looked at
   * @param reason what was found
   * @param remedy what to do
   * @return the finding
   */
  public static HostFinding failed(String group, String name, String reason, String remedy) {
    return new HostFinding(group, name, Status.FAILED, reason, Optional.of(remedy));
  }

  /**
   * Not looked at.
   *
   * @param group the group
   * @param name what was not looked at
   * @param reason why not
   * @return the finding
   */
  public static HostFinding skipped(String group, String name, String reason) {
    return new HostFinding(group, name, Status.SKIPPED, reason, Optional.empty());
  }

  @Override
  public String toString() {
    return group
        + "/"
        + name
        + " "
        + status
        + ": "
        + reason
        + remedy.map(text -> ". " + text).orElse("");
  }
}
