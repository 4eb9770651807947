package io.katajava.qemu.internal;

import io.katajava.qemu.qmp.QmpClient;
import io.katajava.qemu.qmp.QmpCommandException;
import io.katajava.qemu.qmp.QmpException;
import io.katajava.qemu.qmp.QmpOptions;
import io.katajava.qemu.qmp.command.QueryCommandLineOptions;
import io.katajava.qemu.qmp.command.QueryMachines;
import io.katajava.qemu.qmp.type.MachineInfo;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/**
 * What a binary can do, asked of itself over QMP once.
 *
 * @param version its version
 * @param seccomp whether it was built with {@code -sandbox}
 * @param machines its machine types and their aliases
 */
record QemuCapabilities(String version, boolean seccomp, List<String> machines) {
  private static final Duration REAP_LIMIT = Duration.ofSeconds(10);

  /** Copies the list. */
  QemuCapabilities {
    machines = List.copyOf(machines);
  }

  /**
   * Runs the binary without a machine and asks it.
   *
   * @param limit the longest wait for each answer
   * @throws IOException if it cannot be run or does not answer; the message has what it said
   */
  static QemuCapabilities probe(Path binary, Duration limit)
      throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(
            binary.toString(),
            "-machine",
            "none",
            "-nodefaults",
            "-no-user-config",
            "-display",
            "none",
            "-S",
            "-qmp",
            "stdio");
    builder.redirectError(ProcessBuilder.Redirect.DISCARD);
    Process process = Spawner.spawn(builder);
    try (QmpClient qmp =
        QmpClient.over(
            new ProcessConnection(process),
            QmpOptions.builder().name("probe").connectTimeout(limit).callTimeout(limit).build())) {
      String version = qmp.version().map(Object::toString).orElse("unknown");
      boolean seccomp = hasOption(qmp, "sandbox");
      TreeSet<String> machines = new TreeSet<>();
      for (MachineInfo machine : qmp.execute(new QueryMachines())) {
        machines.add(machine.name());
        if (machine.alias() != null) {
          machines.add(machine.alias());
        }
      }
      return new QemuCapabilities(version, seccomp, List.copyOf(machines));
    } catch (QmpException e) {
      throw new IOException(binary + " does not say what it can do: " + e.getMessage(), e);
    } finally {
      process.destroyForcibly();
      process.waitFor(REAP_LIMIT.toSeconds(), TimeUnit.SECONDS);
    }
  }

  private static boolean hasOption(QmpClient qmp, String option) {
    try {
      return !qmp.execute(QueryCommandLineOptions.builder().option(option).build()).isEmpty();
    } catch (QmpCommandException e) {
      return false;
    }
  }
}
