package io.katajava.cli;

import io.katajava.Host;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code kata env}: what a sandbox would use here. */
@Command(
    name = "env",
    description = "Show the host and what a sandbox would use here.",
    footer = {
      "",
      "Sections and names are those of the report of Kata's own runtime. What cannot",
      "be found out is <<unknown>>. Host.Memory is in KiB.",
      "",
      "Examples:",
      "  kata env",
      "  kata env --json | jq .Hypervisor.Version"
    })
final class EnvCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Option(names = "--json", description = "Print JSON instead of TOML.")
  boolean json;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "Name this configuration file in the report.")
  @Nullable Path config;

  @SuppressWarnings("NullAway.Init")
  EnvCommand() {}

  @Override
  public Integer call() throws IOException {
    EnvironmentDocument document =
        new EnvironmentDocument(
            Host.environment(), VersionCommand.version(), ConfigurationFiles.find(config));
    PrintWriter out = spec.commandLine().getOut();
    out.print(json ? Json.pretty(document.json()) : document.toml());
    out.flush();
    return ExitCodes.DONE;
  }
}
