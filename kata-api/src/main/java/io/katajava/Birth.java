package io.katajava;

import java.time.Duration;
import java.util.Optional;

/**
 * The way in which a sandbox was created, with the reason.
 *
 * @param kind the way
 * @param why the reason, a clause
 * @param pause how long the sandbox it is a copy of stood still for that; absent unless it is a
 *     {@link Kind#FORK}
 */
public record Birth(Kind kind, String why, Optional<Duration> pause) {

  /** The ways in which a sandbox can be created. */
  public enum Kind {
    /** Its guest booted. */
    COLD,
    /** A clone of a template. */
    TEMPLATE,
    /** A copy of a sandbox that was running. */
    FORK,
    /** From a snapshot. */
    SNAPSHOT
  }

  /**
   * One for which no sandbox stood still.
   *
   * @param kind the way
   * @param why the reason, a clause
   */
  public Birth(Kind kind, String why) {
    this(kind, why, Optional.empty());
  }
}
