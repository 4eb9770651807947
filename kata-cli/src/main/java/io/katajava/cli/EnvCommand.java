package io.katajava.cli;

import io.katajava.Host;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
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
      "be found out is <<unknown>>. Host.Memory is in KiB, DefaultMemory in MiB.",
      "",
      "With a configuration file the report has what the file sets, whether it counts",
      "here or not; 'kata config explain' tells what counts.",
      "",
      "Exit code: 2 when the configuration has errors.",
      "",
      "Examples:",
      "  kata env",
      "  kata env --config configuration.toml",
      "  kata env --json | jq .Hypervisor.Version"
    })
final class EnvCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Option(names = "--json", description = "Print JSON instead of TOML.")
  boolean json;

  @Mixin HostConfiguration configuration = new HostConfiguration();

  @SuppressWarnings("NullAway.Init")
  EnvCommand() {}

  @Override
  public Integer call() {
    EnvironmentDocument document =
        new EnvironmentDocument(
            Host.environment(HostConfiguration.options(configuration.read(spec)).build()),
            VersionCommand.version());
    PrintWriter out = spec.commandLine().getOut();
    out.print(json ? Json.pretty(document.json()) : document.toml());
    out.flush();
    return ExitCodes.DONE;
  }
}
