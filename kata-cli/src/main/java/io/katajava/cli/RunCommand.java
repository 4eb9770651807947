package io.katajava.cli;

import io.katajava.CommandNotStartedException;
import io.katajava.Container;
import io.katajava.ContainerBuilder;
import io.katajava.Kata;
import io.katajava.MemorySize;
import io.katajava.Sandbox;
import io.katajava.SandboxBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code kata run}: one command in a container in a fresh virtual machine. */
@Command(
    name = "run",
    description = "Run a command in a container in a fresh virtual machine.",
    footer = {
      "",
      "The exit code is the command's own; 128 + n when signal n ended it, 124 after",
      "--timeout, 127 when the command does not exist, 126 when it cannot be executed,",
      "125 when kata failed.",
      "",
      "Examples:",
      "  kata run -- uname -a",
      "  tar c . | kata run --memory 512M --timeout 1m -- sh -c 'tar t | wc -l'"
    })
final class RunCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Option(names = "--vcpus", paramLabel = "N", description = "Number of vCPUs. Default: 1.")
  @Nullable Integer vcpus;

  @Option(names = "--memory", paramLabel = "SIZE", description = "Guest memory, for example 512M.")
  @Nullable MemorySize memory;

  @Option(
      names = {"-e", "--env"},
      paramLabel = "K=V",
      description = "Set a variable of the command; may be given several times.")
  Map<String, String> env = new LinkedHashMap<>();

  @Option(
      names = {"-w", "--workdir"},
      paramLabel = "DIR",
      description = "Working directory in the container.")
  @Nullable String workdir;

  @Option(
      names = {"-u", "--user"},
      paramLabel = "USER",
      description = "User in the container: name, uid, name:group or uid:gid.")
  @Nullable String user;

  @Option(
      names = "--timeout",
      paramLabel = "DUR",
      description = "Kill the command after this time, for example 30s; exit code 124.")
  @Nullable Duration timeout;

  @Option(names = "--timeline", description = "Print the phases of the start on stderr.")
  boolean timeline;

  @Parameters(
      arity = "1..*",
      paramLabel = "COMMAND",
      description = "The command and its arguments, after --.")
  List<String> command = new ArrayList<>();

  @SuppressWarnings("NullAway.Init")
  RunCommand() {}

  @Override
  public Integer call() throws InterruptedException {
    try (Kata kata = Kata.create();
        Sandbox sandbox = describe(kata.sandbox()).start()) {
      int code;
      try (Container container = describe(sandbox.container("main")).start()) {
        code = new Attachment(container.mainProcess(), sandbox.id()).run(timeout);
      } catch (CommandNotStartedException e) {
        spec.commandLine().getErr().println("kata: " + e.getMessage());
        code = e.outcome().exitCode();
      }
      if (timeline) {
        spec.commandLine().getErr().print(sandbox.timeline().toTable());
      }
      spec.commandLine().getErr().flush();
      return code;
    }
  }

  private SandboxBuilder describe(SandboxBuilder builder) {
    if (vcpus != null) {
      builder.vcpus(vcpus);
    }
    if (memory != null) {
      builder.memory(memory);
    }
    return builder;
  }

  private ContainerBuilder describe(ContainerBuilder builder) {
    builder.command(command);
    env.forEach(builder::env);
    if (workdir != null) {
      builder.workdir(workdir);
    }
    if (user != null) {
      builder.user(user);
    }
    return builder;
  }
}
