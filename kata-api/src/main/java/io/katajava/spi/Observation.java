package io.katajava.spi;

import org.jspecify.annotations.Nullable;

/** The observation of one {@link Operation}. Used by one thread after the other, not by several. */
public interface Observation {

  /** The {@link #detail} that tells how a sandbox was born, for example {@code template}. */
  String BIRTH = "birth";

  /** The {@link #detail} that tells how a command ended, for example {@code exited with 1}. */
  String OUTCOME = "outcome";

  /**
   * Gives the trace context that is to travel with the operation: into the guest's agent for an
   * {@link Operation.Kind#RPC}.
   *
   * @return a {@code traceparent} as in W3C Trace Context; null, the default, for none
   */
  default @Nullable String traceparent() {
    return null;
  }

  /**
   * Hears something more, before the end. Ignored unless overridden.
   *
   * @param key {@link #BIRTH}, {@link #OUTCOME}; there may be others
   * @param value for people
   */
  default void detail(String key, String value) {}

  /**
   * The operation is over. Called once, on any thread.
   *
   * @param failure why it failed; null when it did not. A command that ran and ended with a status
   *     other than zero did not fail
   */
  void end(@Nullable Throwable failure);
}
