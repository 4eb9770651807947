package io.katajava.qemu.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sockets of a machine, in the sandbox's own directory.
 *
 * @param directory that directory
 */
record QemuSockets(Path directory) {
  private static final Logger log = LoggerFactory.getLogger(QemuSockets.class);

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

  /** Removes those that are there; the machine has ended. */
  void remove() {
    for (Path socket : List.of(qmp(), agent(), ready(), console(), extraMonitor())) {
      try {
        Files.deleteIfExists(socket);
      } catch (IOException e) {
        log.warn("cannot remove {}: {}", socket, e.toString());
      }
    }
  }
}
