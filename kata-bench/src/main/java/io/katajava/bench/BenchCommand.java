package io.katajava.bench;

import io.katajava.MemorySize;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code kata bench}: measures on this machine, each figure beside its floor. */
@Command(
    name = "bench",
    description = "Measure on this machine, each figure beside its floor.",
    subcommands = {
      BenchCommand.Start.class,
      BenchCommand.Exec.class,
      BenchCommand.Qmp.class,
      BenchCommand.Rpc.class,
      BenchCommand.Io.class
    },
    synopsisSubcommandLabel = "WHAT",
    footer = {"", "Examples:", "  kata bench start", "  kata bench qmp -n 5"})
public final class BenchCommand {
  /** Made by picocli. */
  public BenchCommand() {}

  /** {@code kata bench start}. */
  @Command(
      name = "start",
      description = "Cold starts, in pairs with a bare QEMU that boots the same kernel.",
      footer = {"", "Examples:", "  kata bench start -n 20"})
  static final class Start implements Callable<Integer> {
    @Spec CommandSpec spec;

    @Option(
        names = "-n",
        paramLabel = "N",
        description = "Number of pairs. Default: ${DEFAULT-VALUE}.")
    int pairs = 5;

    @Option(
        names = "--memory",
        paramLabel = "SIZE",
        description = "Guest memory. Default: ${DEFAULT-VALUE}.")
    MemorySize memory = MemorySize.mebibytes(256);

    @SuppressWarnings("NullAway.Init")
    Start() {}

    @Override
    public Integer call() throws IOException, InterruptedException {
      new ColdStart(pairs, memory, spec.commandLine().getOut()).run();
      return 0;
    }
  }

  /** {@code kata bench exec}. */
  @Command(
      name = "exec",
      description = "Executions in a running container, beside fork and exec in the guest.",
      footer = {"", "Examples:", "  kata bench exec -n 200"})
  static final class Exec implements Callable<Integer> {
    @Spec CommandSpec spec;

    @Option(
        names = "-n",
        paramLabel = "N",
        description = "Executions in a round. Default: ${DEFAULT-VALUE}.")
    int count = 200;

    @Option(names = "--rounds", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    int rounds = 1;

    @SuppressWarnings("NullAway.Init")
    Exec() {}

    @Override
    public Integer call() throws IOException {
      new ExecBench(count, rounds, spec.commandLine().getOut()).run();
      return 0;
    }
  }

  /** {@code kata bench qmp}. */
  @Command(
      name = "qmp",
      description = {
        "QMP round trips, beside Python's qemu.qmp and DigitalOcean's go-qemu.",
        "They are fetched into the cache when first needed (python3 with pip, go); what cannot be",
        "had is left out."
      },
      footer = {"", "Examples:", "  kata bench qmp -n 5"})
  static final class Qmp implements Callable<Integer> {
    @Spec CommandSpec spec;

    @Option(
        names = "-n",
        paramLabel = "N",
        description = "Number of rounds. Default: ${DEFAULT-VALUE}.")
    int rounds = 40;

    @Option(
        names = "--count",
        paramLabel = "N",
        description = "Commands in a round. Default: ${DEFAULT-VALUE}.")
    int count = 512;

    @Option(
        names = "--qemu",
        paramLabel = "PATH",
        description = "The QEMU to ask. Default: the one of this machine's architecture.")
    @Nullable Path qemu;

    @SuppressWarnings("NullAway.Init")
    Qmp() {}

    @Override
    public Integer call() throws IOException, InterruptedException {
      new QmpBench(rounds, count, qemu, spec.commandLine().getOut()).run();
      return 0;
    }
  }

  /** {@code kata bench rpc}. */
  @Command(
      name = "rpc",
      description = "Calls per second beside the Go ttRPC client, bytes per call, threads.",
      footer = {"", "Examples:", "  kata bench rpc -n 5"})
  static final class Rpc implements Callable<Integer> {
    @Spec CommandSpec spec;

    @Option(names = "-n", paramLabel = "N", description = "Rounds. Default: ${DEFAULT-VALUE}.")
    int rounds = 3;

    @Option(
        names = "--seconds",
        paramLabel = "S",
        description = "Length of a measurement. Default: ${DEFAULT-VALUE}.")
    double seconds = 5;

    @SuppressWarnings("NullAway.Init")
    Rpc() {}

    @Override
    public Integer call() throws IOException, InterruptedException {
      new RpcBench(rounds, seconds, spec.commandLine().getOut()).run();
      return 0;
    }
  }

  /** {@code kata bench io}. */
  @Command(
      name = "io",
      description = "A container's stdout and stdin beside a bare virtio port, and CopyFile.",
      footer = {"", "Examples:", "  kata bench io --size 256M"})
  static final class Io implements Callable<Integer> {
    @Spec CommandSpec spec;

    @Option(names = "-n", paramLabel = "N", description = "Rounds. Default: ${DEFAULT-VALUE}.")
    int rounds = 3;

    @Option(
        names = "--size",
        paramLabel = "SIZE",
        description = "Bytes of each stream. Default: ${DEFAULT-VALUE}.")
    MemorySize size = MemorySize.gibibytes(1);

    @SuppressWarnings("NullAway.Init")
    Io() {}

    @Override
    public Integer call() throws IOException, InterruptedException {
      new IoBench(rounds, size, spec.commandLine().getOut()).run();
      return 0;
    }
  }
}
