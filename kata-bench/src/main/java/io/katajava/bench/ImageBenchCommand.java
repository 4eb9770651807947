package io.katajava.bench;

import io.katajava.MemorySize;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code kata bench image}. */
@Command(
    name = "image",
    description = {
      "A layer made into a block image, in pairs with tar -x of it; and starts with an image that",
      "is in the store, cold and from a template, in pairs with starts without one."
    },
    footer = {
      "",
      "Examples:",
      "  kata bench image -n 10",
      "  kata bench image --size 2G -n 3 --unpack-only"
    })
final class ImageBenchCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Option(
      names = "-n",
      paramLabel = "N",
      description = "Number of pairs. Default: ${DEFAULT-VALUE}.")
  int pairs = 5;

  @Option(
      names = "--size",
      paramLabel = "SIZE",
      description = "Bytes of the layer's files. Default: ${DEFAULT-VALUE}.")
  MemorySize size = MemorySize.mebibytes(256);

  @Option(
      names = "--memory",
      paramLabel = "SIZE",
      description = "Guest memory. Default: ${DEFAULT-VALUE}.")
  MemorySize memory = MemorySize.mebibytes(256);

  @Option(names = "--unpack-only", description = "Start no sandboxes.")
  boolean unpackOnly;

  @Mixin ReportOptions report;

  @SuppressWarnings("NullAway.Init")
  ImageBenchCommand() {}

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (pairs < 1) {
      throw new ParameterException(spec.commandLine(), "-n is at least 1");
    }
    try (ImageBench bench = new ImageBench(pairs, size, memory)) {
      report.tell(bench.run(!unpackOnly), spec.commandLine().getOut());
    }
    return 0;
  }
}
