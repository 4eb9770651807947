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
      "3:It can, with limits: something is slower or missing.",
      "4:It cannot.",
      "125:Some checks could not be made, so it is not known.",
    },
    footer = {
      "",
      "Without --verbose only what is not as wanted is shown. Nothing is changed but",
      "kata's own cache, no privilege is needed, and the network is used only with",
      "--network-checks. With a configuration file the checks are about the QEMU, the",
      "machine and the guest that it names.",
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
      description = "Also check whether what is still to be downloaded can be.")
  boolean networkChecks;

  @Option(
      names = {"-n", "--no-network-checks"},
      description = "Use no network; the default, and so with KATA_CHECK_NO_NETWORK set.")
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
