package io.katajava.qemu.internal;

import java.util.List;

/**
 * What a binary can do, asked of itself over QMP once.
 *
 * @param version its version
 * @param seccomp whether it was built with {@code -sandbox}
 * @param machines its machine types and their aliases
 * @param readOnlyMemory whether it can open a file that is memory for reading only and map it
 *     copy-on-write all the same
 */
record QemuCapabilities(
    String version, boolean seccomp, List<String> machines, boolean readOnlyMemory) {
  /** Copies the list. */
  QemuCapabilities {
    machines = List.copyOf(machines);
  }
}
