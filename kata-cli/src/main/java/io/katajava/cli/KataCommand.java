package io.katajava.cli;

import io.katajava.KataException;
import io.katajava.MemorySize;
import io.katajava.SandboxStartException;
import io.katajava.bench.BenchCommand;
import java.io.PrintWriter;
import java.time.Duration;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The {@code kata} command: what it offers, and how failures are told. */
@Command(
    name = "kata",
    description = "Runs commands in virtual machines that feel like containers.",
    subcommands = {
      RunCommand.class,
      DemoCommand.class,
      AgentCtlCommand.class,
      BenchCommand.class,
      VersionCommand.class
    },
    synopsisSubcommandLabel = "COMMAND",
    mixinStandardHelpOptions = false)
public final class KataCommand {

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = ScopeType.INHERIT,
      description = "Show this help.")
  boolean help;

  @Option(
      names = "--verbose",
      scope = ScopeType.INHERIT,
      description = "Say more; for a failed start: command line, stderr and guest console.")
  boolean verbose;

  private KataCommand() {}

  /**
   * Runs the command and exits.
   *
   * @param arguments the command line
   */
  public static void main(String[] arguments) {
    System.exit(execute(arguments));
  }

  static int execute(String... arguments) {
    return commandLine().execute(arguments);
  }

  static CommandLine commandLine() {
    KataCommand root = new KataCommand();
    CommandLine line = new CommandLine(root);
    line.registerConverter(MemorySize.class, MemorySize::parse);
    line.registerConverter(Duration.class, DurationText::parse);
    line.setExecutionExceptionHandler(failures(root));
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setStopAtPositional(false);
    return line;
  }

  private static IExecutionExceptionHandler failures(KataCommand root) {
    return (failure, line, result) -> {
      PrintWriter err = line.getErr();
      if (failure instanceof SandboxStartException start) {
        err.print("kata: " + (root.verbose ? start.report() : start.getMessage() + "\n"));
        if (!root.verbose && !start.evidence().commandLine().isEmpty()) {
          err.println("kata: --verbose shows QEMU's command line and messages and the console");
        }
      } else if (failure instanceof KataException || failure instanceof java.io.IOException) {
        err.println("kata: " + failure.getMessage());
        if (root.verbose) {
          failure.printStackTrace(err);
        }
      } else {
        // Not foreseen: the stack trace is what a report needs.
        err.println("kata: unexpected failure, please report it");
        failure.printStackTrace(err);
      }
      err.flush();
      return ExitCodes.OWN_FAILURE;
    };
  }
}
