package io.katajava.spi;

import java.util.Locale;

/**
 * An operation of a runtime that takes time and can be observed.
 *
 * @param kind what it is
 * @param name {@link Kind#START}: {@code start}, {@code fork}, {@code restore}, {@code attach} or
 *     {@code template}; {@link Kind#PHASE}: the phase's {@linkplain io.katajava.StartPhase#label()
 *     label}; {@link Kind#EXEC}: the program, without its arguments; {@link Kind#RPC}: the agent's
 *     method, such as {@code CreateContainer}; {@link Kind#HYPERVISOR}: the command, such as {@code
 *     query-status}
 * @param subject what it is about, such as {@code CONTAINER/EXEC}; may be empty
 * @param sandboxId the sandbox
 */
public record Operation(Kind kind, String name, String subject, String sandboxId) {

  /** The kind of an operation. */
  public enum Kind {
    /** A sandbox is made, from the call to the running sandbox, or to its failure. */
    START,
    /** One phase of a start. */
    PHASE,
    /** A command in a container, from the call to its end with all its output. */
    EXEC,
    /** A call to the guest's agent. */
    RPC,
    /** A command to the hypervisor; with QEMU a QMP command. */
    HYPERVISOR;

    /**
     * The name for figures and attributes.
     *
     * @return lower-case
     */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
