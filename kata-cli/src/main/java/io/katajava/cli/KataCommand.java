package io.katajava.cli;

import io.katajava.KataException;
import io.katajava.MemorySize;
import io.katajava.SandboxStartException;
import io.katajava.base.text.PrintableText;
import io.katajava.bench.BenchCommand;
import io.katajava.config.ConfigurationException;
import io.katajava.spi.ExhaustedLimit;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The {@code kata} command: what it offers, and how failures are told. */
@Command(
    name = "kata",
    description = "Runs commands in virtual machines that feel like containers.",
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "'kata COMMAND --help' tells more about a command.",
      "",
      "Examples:",
      "  kata check",
      "  kata run -- uname -a"
    },
    mixinStandardHelpOptions = false)
public final class KataCommand {
  /** All commands, in the order of the help; {@link #named} knows each of them, too. */
  static final List<String> COMMANDS =
      List.of(
          "run",
          "image",
          "attach",
          "check",
          "env",
          "config",
          "ps",
          "stop",
          "cleanup",
          "guest",
          "template",
          "disk",
          "qmp",
          "agent-ctl",
          "log-parse",
          "debug",
          "demo",
          "bench",
          "completion",
          "version");

  /** What follows their first word is a command's of the guest, its options too. */
  private static final List<String> COMMANDS_WITH_A_COMMAND = List.of("run", "attach");

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = ScopeType.INHERIT,
      description = "Show this help.")
  boolean help;

  @Option(
      names = "--verbose",
      scope = ScopeType.INHERIT,
      description =
          "Print more; after a failed start: QEMU's command line, stderr and guest console.")
  boolean verbose;

  @Option(
      names = "--log-file",
      paramLabel = "FILE",
      scope = ScopeType.INHERIT,
      description = "Write log lines, with their time, to this file instead of to stderr.")
  void logTo(@Nullable Path file) {
    if (file == null) {
      return;
    }
    // Read by SLF4J's simple logger when the first logger is made, which is after parsing.
    System.setProperty("org.slf4j.simpleLogger.logFile", file.toAbsolutePath().toString());
    System.setProperty("org.slf4j.simpleLogger.showDateTime", "true");
    System.setProperty("org.slf4j.simpleLogger.dateTimeFormat", "yyyy-MM-dd'T'HH:mm:ss.SSSXXX");
  }

  private KataCommand() {}

  /**
   * Runs the command and exits.
   *
   * @param arguments the command line
   */
  public static void main(String[] arguments) {
    // Read while there is a descriptor to read it by.
    ExhaustedLimit.look();
    StandardOutput output = StandardOutput.install();
    PrintWriter err = new PrintWriter(System.err, true, Charset.defaultCharset());
    if (arguments.length == 1 && arguments[0].equals("version")) {
      // Scripts ask it often; picocli alone would take three times as long as all the rest.
      PrintWriter out = new PrintWriter(System.out, false, Charset.defaultCharset());
      out.println(VersionCommand.line());
      out.flush();
      System.exit(output.exitCode(ExitCodes.DONE, err));
    }
    Utf8Locale.require();
    String[] given;
    try {
      given = CommandText.of(arguments);
    } catch (IllegalArgumentException e) {
      err.println("kata: " + e.getMessage());
      System.exit(ExitCodes.OWN_FAILURE);
      return;
    }
    int code;
    try {
      code = execute(given);
    } catch (Error e) {
      // Classes that cannot be loaded, for example: for want of descriptors, threads or memory.
      String why = ExhaustedLimit.of(e).orElse(null);
      if (why == null) {
        throw e;
      }
      err.println("kata: " + e + "; " + why);
      code = ExitCodes.OWN_FAILURE;
    }
    System.exit(output.exitCode(code, err));
  }

  static int execute(String... arguments) {
    return commandLine(arguments).execute(arguments);
  }

  /** With all commands. */
  static CommandLine commandLine() {
    return commandLine(new String[0]);
  }

  /**
   * With the one command that the arguments begin with, because describing all of them to picocli
   * is most of the time of a short one; with all of them when the arguments begin otherwise.
   */
  private static CommandLine commandLine(String[] arguments) {
    KataCommand root = new KataCommand();
    CommandLine line = new CommandLine(root);
    Class<?> only = arguments.length > 0 ? named(arguments[0]) : null;
    if (only != null) {
      line.addSubcommand(only);
    } else {
      for (String name : COMMANDS) {
        Class<?> command = named(name);
        if (command == null) {
          throw new IllegalStateException("there is no command " + name);
        }
        line.addSubcommand(command);
      }
    }
    line.registerConverter(MemorySize.class, MemorySize::parse);
    line.registerConverter(Duration.class, DurationText::parse);
    line.setExecutionExceptionHandler(failures(root));
    line.setCaseInsensitiveEnumValuesAllowed(true);
    // An argument that begins with @ is a name like any other.
    line.setExpandAtFiles(false);
    line.setStopAtPositional(false);
    for (String command : COMMANDS_WITH_A_COMMAND) {
      CommandLine known = line.getSubcommands().get(command);
      if (known != null) {
        known.setStopAtPositional(true);
      }
    }
    line.setParameterExceptionHandler(new UsageProblem());
    line.setExecutionStrategy(
        result -> {
          if (!result.isUsageHelpRequested()) {
            EmptyValues.refuse(result);
          }
          return new CommandLine.RunLast().execute(result);
        });
    line.setColorScheme(Help.defaultColorScheme(Terminal.ofThisProcess().ansi()));
    return line;
  }

  /** Only the class that is asked for is loaded. */
  private static @Nullable Class<?> named(String name) {
    return switch (name) {
      case "run" -> RunCommand.class;
      case "image" -> ImageCommand.class;
      case "attach" -> AttachCommand.class;
      case "check" -> CheckCommand.class;
      case "env" -> EnvCommand.class;
      case "config" -> ConfigCommand.class;
      case "ps" -> PsCommand.class;
      case "stop" -> StopCommand.class;
      case "cleanup" -> CleanupCommand.class;
      case "guest" -> GuestCommand.class;
      case "template" -> TemplateCommand.class;
      case "disk" -> DiskCommand.class;
      case "qmp" -> MonitorCommand.class;
      case "agent-ctl" -> AgentCtlCommand.class;
      case "log-parse" -> LogParseCommand.class;
      case "debug" -> DebugCommand.class;
      case "demo" -> DemoCommand.class;
      case "bench" -> BenchCommand.class;
      case "completion" -> CompletionCommand.class;
      case "version" -> VersionCommand.class;
      default -> null;
    };
  }

  /** Whether {@code --verbose} was given, before or after the command. */
  static boolean isVerbose(CommandSpec spec) {
    return spec.root().userObject() instanceof KataCommand root && root.verbose;
  }

  /** Messages of the JDK's exceptions quote names of files and answers of servers as they are. */
  private static String trace(Throwable failure) {
    StringWriter text = new StringWriter();
    failure.printStackTrace(new PrintWriter(text));
    return PrintableText.lines(text.toString());
  }

  /** What of this process's limits is used up is no fault of the program, and has a remedy. */
  private static boolean tellLimit(PrintWriter err, Throwable failure) {
    Optional<String> limit = ExhaustedLimit.of(failure);
    if (limit.isEmpty() || String.valueOf(failure.getMessage()).contains(limit.get())) {
      return limit.isPresent();
    }
    err.println("kata: " + limit.get());
    err.flush();
    return true;
  }

  private static IExecutionExceptionHandler failures(KataCommand root) {
    return (failure, line, result) -> {
      PrintWriter err = line.getErr();
      if (Shutdown.isUnderWay()) {
        // A signal closed everything under the command, which is no failure of its own.
        return ExitCodes.OWN_FAILURE;
      }
      if (failure instanceof SandboxStartException start) {
        err.print("kata: " + (root.verbose ? start.report() : start.getMessage() + "\n"));
        if (!root.verbose && !start.evidence().commandLine().isEmpty()) {
          err.println("kata: --verbose shows QEMU's command line and messages and the console");
        }
      } else if (failure instanceof ConfigurationException broken) {
        broken.problems().forEach(problem -> ConfigurationTask.tell(err, problem));
        return ConfigurationTask.BROKEN;
      } else if (failure instanceof java.nio.file.NoSuchFileException missing) {
        err.println("kata: there is no " + PrintableText.line(missing.getFile()));
      } else if (failure instanceof java.nio.file.InvalidPathException unknown) {
        err.println(
            "kata: '"
                + PrintableText.line(unknown.getInput())
                + "' names no file in the locale of this JVM; start it with LC_ALL=C.UTF-8");
      } else if (failure instanceof KataException || failure instanceof java.io.IOException) {
        err.println("kata: " + PrintableText.lines(String.valueOf(failure.getMessage())));
        tellLimit(err, failure);
        if (root.verbose) {
          err.print(trace(failure));
        }
      } else {
        if (tellLimit(err, failure)) {
          return ExitCodes.OWN_FAILURE;
        }
        // Not foreseen: the stack trace is what a report needs.
        err.println("kata: unexpected failure, please report it");
        err.print(trace(failure));
      }
      err.flush();
      return ExitCodes.OWN_FAILURE;
    };
  }
}
