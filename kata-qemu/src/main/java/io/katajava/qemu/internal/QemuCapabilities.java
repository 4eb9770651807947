package io.katajava.qemu.internal;

import io.katajava.qmp.QmpVersion;
import java.util.List;
import java.util.Optional;

/**
 * What a binary can do, asked of itself over QMP once.
 *
 * @param version its version
 * @param build what its distributor says of the build; possibly empty
 * @param seccomp whether it was built with {@code -sandbox}
 * @param machines its machine types and their aliases
 * @param readOnlyMemory whether it can open a file that is memory for reading only and map it
 *     copy-on-write all the same
 * @param transport how states of machines go to files and come from them; empty where it did not
 *     say
 */
record QemuCapabilities(
    String version,
    String build,
    boolean seccomp,
    List<String> machines,
    boolean readOnlyMemory,
    Optional<StateTransport> transport) {
  private static final String UNKNOWN = "unknown";

  /** Copies the list. */
  QemuCapabilities {
    machines = List.copyOf(machines);
  }

  /** Of a binary that could not be asked: it is taken to have what is needed. */
  static QemuCapabilities unknown(String machine) {
    return new QemuCapabilities(UNKNOWN, "", true, List.of(machine), false, Optional.empty());
  }

  /**
   * Whether that QEMU is another one than was asked. A binary may be a script that runs another
   * QEMU since.
   */
  boolean differsFrom(QmpVersion running) {
    return !version.equals(UNKNOWN)
        && !(version.equals(running.toString()) && build.equals(running.distribution()));
  }
}
