package io.katajava.cli;

import io.katajava.Host;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code kata check}: can this host run sandboxes? */
@Command(
    name = "check",
    description = "Check whether this host can run sandboxes.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:The host can run sandboxes.",
      "2:The configuration has errors.",
      "3:The host can run sandboxes, with limits: something is slower or missing.",
      "4:The host cannot run sandboxes.",
      "125:Some checks could not be made, so it is not known.",
    },
    footer = {
      "",
      "Without --verbose only findings that need attention are shown. The command changes",
      "nothing but kata's own cache, needs no privilege, and uses the network only with",
      "--network-checks. With a configuration file it checks the QEMU, the machine and",
      "the guest that the file names.",
      "",
      "Examples:",
      "  kata check",
      "  kata check --verbose",
      "  kata check --config configuration.toml",
      "  kata check --json | jq '.findings[] | select(.status == \"failed\")'"
    })
final class CheckCommand implements Callable<Integer> {
  /** Kata's own runtime reads it, too. */
  private static final String NO_NETWORK = "KATA_CHECK_NO_NETWORK";

  @Spec CommandSpec spec;

  @Option(names = "--json", description = "Print all findings as JSON.")
  boolean json;

  @Option(
      names = "--network-checks",
      description = "Also check whether files that are still missing can be downloaded.")
  boolean networkChecks;

  @Option(
      names = {"-n", "--no-network-checks"},
      description =
          "Use no network. This is the default, and is also set by KATA_CHECK_NO_NETWORK.")
  boolean noNetworkChecks;

  @Mixin HostConfiguration configuration = new HostConfiguration();

  @SuppressWarnings("NullAway.Init")
  CheckCommand() {}

  @Override
  public Integer call() {
    if (networkChecks && noNetworkChecks) {
      throw new ParameterException(
          spec.commandLine(), "--network-checks and --no-network-checks exclude each other");
    }
    boolean network = networkChecks && System.getenv().getOrDefault(NO_NETWORK, "").isEmpty();
    HostReportText report =
        new HostReportText(
            Host.check(
                HostConfiguration.options(configuration.read(spec)).networkChecks(network).build()),
            Terminal.ofThisProcess());
    PrintWriter out = spec.commandLine().getOut();
    out.print(json ? Json.pretty(report.json()) : report.text(KataCommand.isVerbose(spec)));
    out.flush();
    return report.exitCode();
  }
}
