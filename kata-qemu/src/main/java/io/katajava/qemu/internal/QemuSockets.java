package io.katajava.qemu.internal;

import java.nio.file.Path;

/**
 * The sockets of a machine, in the sandbox's own directory.
 *
 * @param directory that directory
 */
record QemuSockets(Path directory) {
  Path qmp() {
    return directory.resolve("qmp.sock");
  }

  /** Ours, to which QEMU connects once all of its own are open. */
  Path ready() {
    return directory.resolve("ready.sock");
  }

  Path agent() {
    return directory.resolve("agent.sock");
  }

  /** The console of a machine that outlives its JVM. */
  Path console() {
    return directory.resolve("console.sock");
  }

  Path extraMonitor() {
    return directory.resolve("extra-monitor.sock");
  }
}
