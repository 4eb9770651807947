package io.katajava;

import java.time.Duration;
import java.util.Optional;

/**
 * The limits of a sandbox's life. Made by {@link SandboxBuilder}.
 *
 * @param detached whether it outlives its JVM
 * @param unattended how long a detached one goes on while no JVM is attached; for ever when absent
 * @param idle how long it may go without a command
 * @param lifetime how long it may run
 */
public record SandboxLife(
    boolean detached,
    Optional<Duration> unattended,
    Optional<Limit> idle,
    Optional<Limit> lifetime) {

  /** It ends with its JVM, and before that when it is closed. */
  public static final SandboxLife UNLIMITED =
      new SandboxLife(false, Optional.empty(), Optional.empty(), Optional.empty());

  /**
   * A limit.
   *
   * @param after when it is reached
   * @param action what happens then
   */
  public record Limit(Duration after, LimitAction action) {
    /** Checks the duration. */
    public Limit {
      Checks.positive("limit", after);
    }
  }
}
