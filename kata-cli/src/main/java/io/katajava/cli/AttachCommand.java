package io.katajava.cli;

import io.katajava.CommandNotStartedException;
import io.katajava.Container;
import io.katajava.ErrorCode;
import io.katajava.Execution;
import io.katajava.Kata;
import io.katajava.KataException;
import io.katajava.Sandbox;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code kata attach}: a command in a sandbox that was left running. */
@Command(
    name = "attach",
    description = "Run a command in a sandbox that 'kata run --detach' left running.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0..255:The command's own exit code, as with 'kata run'.",
      "1:There is no such sandbox.",
      "125:kata failed; perhaps another process is attached."
    },
    footer = {
      "",
      "The sandbox goes on afterwards; one process at a time is attached to it.",
      "",
      "Examples:",
      "  kata attach k3xq",
      "  kata attach k3xq ps",
      "  kata attach --container web k3xq cat /etc/hosts"
    })
final class AttachCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Option(
      names = {"-i", "--interactive"},
      description = "Pass standard input to the command, which is always done; for -it.")
  boolean interactive;

  @Option(
      names = {"-t", "--tty"},
      description = "Give the command a terminal, tied to this one if there is one.")
  boolean tty;

  @Option(
      names = "--container",
      paramLabel = "NAME",
      description = "The container. Default: main, else the only one.")
  @Nullable String container;

  @Parameters(
      index = "0",
      paramLabel = "ID",
      description = "Id of 'kata ps', or enough of its beginning, or its name.")
  String id;

  @Parameters(
      index = "1..*",
      arity = "0..*",
      paramLabel = "COMMAND",
      description =
          "The command and its arguments: all that follows. Default: sh, with a terminal if kata"
              + " has"
              + " one.")
  List<String> command = new ArrayList<>();

  @SuppressWarnings("NullAway.Init")
  AttachCommand() {}

  @Override
  public Integer call() throws InterruptedException, IOException {
    boolean terminal = Attachment.isTerminal();
    List<String> given = GuestCommandLine.after(command);
    boolean shell = given.isEmpty();
    List<String> line = shell ? List.of("sh") : given;
    if (line.get(0).isEmpty()) {
      throw new ParameterException(spec.commandLine(), "COMMAND is empty");
    }
    try (Kata kata = Kata.create();
        Sandbox sandbox = kata.attach(id);
        Execution execution =
            chosen(sandbox)
                .execInteractive(
                    exec -> {
                      exec.command(line.toArray(String[]::new));
                      if (tty || (shell && terminal)) {
                        exec.tty(80, 24);
                      }
                    })) {
      return (tty || shell) && terminal
          ? execution.attachTerminal().exitCode()
          : new Attachment(execution, sandbox.id()).run(null);
    } catch (CommandNotStartedException e) {
      spec.commandLine().getErr().println("kata: " + e.getMessage());
      spec.commandLine().getErr().flush();
      return e.outcome().exitCode();
    } catch (KataException e) {
      if (e.code() != ErrorCode.SANDBOX_NOT_FOUND) {
        throw e;
      }
      spec.commandLine().getErr().println("kata: " + e.getMessage());
      spec.commandLine().getErr().flush();
      return ExitCodes.NEGATIVE;
    }
  }

  private Container chosen(Sandbox sandbox) {
    List<Container> all = sandbox.containers();
    String name = container == null ? "main" : container;
    return all.stream()
        .filter(one -> one.name().equals(name) || (container == null && all.size() == 1))
        .findFirst()
        .orElseThrow(
            () ->
                new KataException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "sandbox "
                        + sandbox.id()
                        + " has no container "
                        + name
                        + "; it has "
                        + all.stream().map(Container::name).sorted().toList()));
  }
}
