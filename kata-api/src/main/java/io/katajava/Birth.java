package io.katajava;

/**
 * How a sandbox came into being.
 *
 * @param kind the way
 * @param why the reason, a clause
 */
public record Birth(Kind kind, String why) {

  /** The ways a sandbox is born. */
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
}
