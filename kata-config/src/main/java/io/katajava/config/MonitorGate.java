package io.katajava.config;

import io.katajava.qemu.ExtraMonitor;
import java.util.Optional;

/**
 * The decision on whether QEMU gets an extra monitor, with the reason. It does when {@code
 * extra_monitor_socket} names a kind and {@code enable_debug} of the same section is true; nothing
 * else counts, neither another section's {@code enable_debug} nor any annotation.
 *
 * @param state whether it is open
 * @param asked what {@code extra_monitor_socket} names; empty when it names nothing
 * @param why the reason, a clause
 */
public record MonitorGate(State state, Optional<ExtraMonitor> asked, String why) {

  /** States of the gate. */
  public enum State {
    /** Nothing asks for a monitor. */
    CLOSED,
    /** Something asks, but debug is off: it is ignored, and a warning says so. */
    IGNORED,
    /** QEMU gets the monitor and is untrusted. */
    OPEN
  }

  /**
   * The monitor QEMU gets.
   *
   * @return the kind; empty unless the gate is open
   */
  public Optional<ExtraMonitor> open() {
    return state == State.OPEN ? asked : Optional.empty();
  }

  static MonitorGate of(HypervisorSection hypervisor) {
    Optional<ExtraMonitor> asked = hypervisor.extraMonitorSocket();
    String table = "[" + hypervisor.table() + "]";
    if (asked.isEmpty()) {
      return new MonitorGate(
          State.CLOSED, asked, "extra_monitor_socket of " + table + " is not set");
    }
    String kind = "extra_monitor_socket = \"" + asked.get().configurationValue() + "\"";
    return hypervisor.enableDebug()
        ? new MonitorGate(
            State.OPEN,
            asked,
            kind + " and enable_debug = true of " + table + ": this QEMU is untrusted")
        : new MonitorGate(
            State.IGNORED, asked, kind + " is ignored: enable_debug of " + table + " is not true");
  }
}
