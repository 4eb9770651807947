package io.katajava.bench;

import io.katajava.MemorySize;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code kata bench}: measures on this machine, each figure beside its floor. */
@Command(
    name = "bench",
    description = "Measure on this machine, each figure beside its floor.",
    subcommands = BenchCommand.Start.class,
    synopsisSubcommandLabel = "WHAT",
    footer = {"", "Examples:", "  kata bench start"})
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
}
