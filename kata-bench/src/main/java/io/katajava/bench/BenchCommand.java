package io.katajava.bench;

import io.katajava.BirthPolicy;
import io.katajava.MemorySize;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code kata bench}: measures on this machine, each figure beside its floor. */
@Command(
    name = "bench",
    description = "Measure on this machine, each figure beside its floor.",
    subcommands = {
      BenchCommand.Start.class,
      BenchCommand.Exec.class,
      BenchCommand.DensityBench.class,
      BenchCommand.PartsCommand.class,
      BenchCommand.Qmp.class,
      BenchCommand.Rpc.class,
      BenchCommand.Io.class,
      BenchCommand.Net.class,
      ImageBenchCommand.class
    },
    synopsisSubcommandLabel = "WHAT",
    footer = {
      "",
      "Examples:",
      "  kata bench start",
      "  kata bench density -n 20",
      "  kata bench qmp -n 5"
    })
public final class BenchCommand {
  /** Made by picocli. */
  public BenchCommand() {}

  /** {@code kata bench start}. */
  @Command(
      name = "start",
      description = {
        "Starts to the first output, in pairs with a bare QEMU: for cold starts one that boots the",
        "same kernel, for clones and copies one that loads the same state."
      },
      footer = {
        "",
        "Examples:",
        "  kata bench start -n 20",
        "  kata bench start --birth template --parallel 8",
        "  kata bench start --parallel 8 -n 3",
        "  kata bench start --birth fork --qemu /usr/bin/qemu-system-x86_64,/opt/qemu-11.1/bin/qemu",
        "  kata bench start --json",
        "  KATA_GUEST_KERNEL=debian kata bench start --html start.html"
      })
  static final class Start implements Callable<Integer> {
    @Spec CommandSpec spec;

    @Mixin BirthOptions births = new BirthOptions(5);

    @Option(
        names = "--parallel",
        paramLabel = "N",
        description = "Starts at once, beside as many bare machines. Default: ${DEFAULT-VALUE}.")
    int parallel = 1;

    @Option(
        names = "--qemu",
        paramLabel = "PATH",
        split = ",",
        description = {
          "The QEMUs to measure, in turns if there are several.",
          "Default: the one of this machine's architecture."
        })
    List<Path> qemus = List.of();

    @Mixin ReportOptions report;

    @SuppressWarnings("NullAway.Init")
    Start() {}

    @Override
    public Integer call() throws IOException, InterruptedException {
      if (parallel < 1 || births.count < 1) {
        throw new ParameterException(spec.commandLine(), "-n and --parallel are at least 1");
      }
      List<Subject> subjects =
          qemus.isEmpty()
              ? List.of(new Subject(Optional.empty(), births.memory))
              : qemus.stream().map(q -> new Subject(Optional.of(q), births.memory)).toList();
      List<StartBench.Entrant> entrants = new ArrayList<>();
      try {
        for (Subject subject : subjects) {
          entrants.add(
              new StartBench.Entrant(subject.prefix(), births.birth.open(subject, parallel)));
        }
        report.tell(
            new StartBench(births.count, parallel).run(entrants), spec.commandLine().getOut());
      } finally {
        for (StartBench.Entrant entrant : entrants) {
          entrant.way().close();
        }
      }
      return 0;
    }
  }

  /** {@code kata bench density}. */
  @Command(
      name = "density",
      description = {
        "Idle sandboxes at once: memory, processor time and the end of all, beside one bare QEMU.",
        "Exits with 1 when something is left of them."
      },
      footer = {
        "",
        "Examples:",
        "  kata bench density -n 20",
        "  kata bench density --birth template --json"
      })
  static final class DensityBench implements Callable<Integer> {
    @Spec CommandSpec spec;

    @Mixin BirthOptions births = new BirthOptions(100);

    @Option(
        names = "--seconds",
        paramLabel = "S",
        description = "How long processor time is watched. Default: ${DEFAULT-VALUE}.")
    int seconds = 20;

    @Mixin ReportOptions report;

    @SuppressWarnings("NullAway.Init")
    DensityBench() {}

    @Override
    public Integer call() throws IOException, InterruptedException {
      if (births.count < 1 || seconds < 1) {
        throw new ParameterException(spec.commandLine(), "-n and --seconds are at least 1");
      }
      BirthPolicy policy =
          switch (births.birth) {
            case cold -> BirthPolicy.COLD;
            case template -> BirthPolicy.TEMPLATE_ON_DEMAND;
            case pool, fork, snapshot ->
                throw new ParameterException(
                    spec.commandLine(), "--birth is cold or template here");
          };
      Density density =
          new Density(births.count, births.memory, policy, Duration.ofSeconds(seconds));
      report.tell(density.run(), spec.commandLine().getOut());
      return density.leftBehind() == 0 ? 0 : 1;
    }
  }

  /** {@code kata bench parts}. */
  @Command(
      name = "parts",
      description = {
        "What a start is made of on the host, each part alone and warm, measured by JMH:",
        "ttRPC over a unix socket, QMP's JSON, QEMU's command line, Kata's configuration."
      },
      footer = {"", "Examples:", "  kata bench parts", "  kata bench parts --only ttrpc.* --json"})
  static final class PartsCommand implements Callable<Integer> {
    @Spec CommandSpec spec;

    @Option(
        names = "--forks",
        paramLabel = "N",
        description = "JVMs for each part. Default: ${DEFAULT-VALUE}.")
    int forks = 2;

    @Option(
        names = "-n",
        paramLabel = "N",
        description = "Seconds of warm-up and of measurement in each. Default: ${DEFAULT-VALUE}.")
    int iterations = 5;

    @Option(
        names = "--only",
        paramLabel = "REGEX",
        description = "Only parts of that name. Default: all.")
    String only = ".*";

    @Option(names = "--json", description = "Print JSON.")
    boolean json;

    @SuppressWarnings("NullAway.Init")
    PartsCommand() {}

    @Override
    public Integer call() throws IOException {
      if (forks < 1 || iterations < 1) {
        throw new ParameterException(spec.commandLine(), "--forks and -n are at least 1");
      }
      new PartsBench(forks, iterations, only).run(json, spec.commandLine().getOut());
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

  /** {@code kata bench net}. */
  @Command(
      name = "net",
      description = {
        "A published port, in pairs with QEMU's own user network before the same guest; and a",
        "directory of the host, copied in and back."
      },
      footer = {"", "Examples:", "  kata bench net -n 5", "  kata bench net --size 256M"})
  static final class Net implements Callable<Integer> {
    @Spec CommandSpec spec;

    @Option(
        names = "-n",
        paramLabel = "N",
        description = "Number of rounds. Default: ${DEFAULT-VALUE}.")
    int rounds = 5;

    @Option(
        names = "--size",
        paramLabel = "SIZE",
        description = "Bytes of a transfer. Default: ${DEFAULT-VALUE}.")
    MemorySize size = MemorySize.mebibytes(64);

    @SuppressWarnings("NullAway.Init")
    Net() {}

    @Override
    public Integer call() throws IOException {
      new NetBench(rounds, size, spec.commandLine().getOut()).run();
      return 0;
    }
  }
}
