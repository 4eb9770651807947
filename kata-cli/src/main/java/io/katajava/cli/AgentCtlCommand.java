package io.katajava.cli;

import io.katajava.agent.AgentAddress;
import io.katajava.agent.AgentClient;
import io.katajava.agent.AgentClientOptions;
import io.katajava.agent.AgentException;
import io.katajava.agent.AgentMethod;
import io.katajava.base.text.PrintableText;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code kata agent-ctl}: calls an agent's RPCs by hand. */
@Command(
    name = "agent-ctl",
    description = {
      "Call an agent's RPCs by name, with JSON in and out.",
      "Without METHOD: a shell, or the lines of standard input."
    },
    footer = {
      "",
      "Examples:",
      "  kata agent-ctl --list",
      "  kata agent-ctl --address unix:///run/agent.sock GetGuestDetails",
      "  kata agent-ctl --address vsock://3:1024 SignalProcess '{\"container_id\": \"c1\", \"signal\": 15}'"
    })
final class AgentCtlCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Option(
      names = "--address",
      paramLabel = "ADDR",
      description = {
        "Where the agent listens: serial://PATH, unix://PATH, hvsock://PATH:PORT,",
        "vsock://CID:PORT or tcp://HOST:PORT."
      })
  @Nullable String address;

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      description = "Longest wait for the connection and for each answer, such as 5s.")
  @Nullable Duration timeout;

  @Option(names = "--list", description = "List the methods with their fields and exit.")
  boolean list;

  @Option(
      names = "--describe",
      paramLabel = "METHOD",
      description = "Show all fields of a method, those inside of its messages, too, and exit.")
  @Nullable String describe;

  @Parameters(index = "0", arity = "0..1", paramLabel = "METHOD", description = "The RPC.")
  @Nullable String method;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "JSON",
      description = "The request; - reads it from standard input. Default: an empty request.")
  @Nullable String json;

  @SuppressWarnings("NullAway.Init")
  AgentCtlCommand() {}

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    if (list) {
      AgentMethodHelp.list(out);
      return 0;
    }
    if (describe != null) {
      AgentMethodHelp.describe(find(describe), out);
      return 0;
    }
    AgentAddress where = where();
    AgentMethod wanted = method == null ? null : find(method);
    try (AgentClient connected = AgentClient.connect(where, options())) {
      AgentClient client = timeout == null ? connected : connected.withDeadline(timeout);
      if (wanted == null) {
        AgentShell shell = new AgentShell(client, out, spec.commandLine().getErr());
        return isTerminal() ? shell.runInteractive(where) : shell.runLines(input());
      }
      out.println(PrintableText.json(client.json().call(wanted, request())));
      out.flush();
      return 0;
    } catch (AgentException | IllegalArgumentException e) {
      spec.commandLine().getErr().println("kata: " + e.getMessage());
      return ExitCodes.OWN_FAILURE;
    }
  }

  private AgentAddress where() {
    if (address == null) {
      throw new ParameterException(
          spec.commandLine(),
          "The agent's address is missing: give it with --address, or use --list.");
    }
    try {
      return AgentAddress.parse(address);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
    }
  }

  private AgentMethod find(String name) {
    return AgentMethod.find(name)
        .orElseThrow(
            () ->
                new ParameterException(
                    spec.commandLine(),
                    "The protocol has no method " + name + "; --list shows all."));
  }

  /** The agent of a running guest: nothing to wait for while it boots. */
  private AgentClientOptions options() {
    AgentClientOptions.Builder options =
        AgentClientOptions.builder().name("agent-ctl").booting(false);
    if (timeout != null) {
      options.connectTimeout(timeout);
    }
    return options.build();
  }

  /** Not System.console(), which from Java 22 on is there in any case. */
  private static boolean isTerminal() throws IOException {
    String input = Files.readSymbolicLink(Path.of("/proc/self/fd/0")).toString();
    return input.startsWith("/dev/pts/") || input.startsWith("/dev/tty");
  }

  private static BufferedReader input() {
    return new BufferedReader(
        new InputStreamReader(StandardInput.stream(), StandardCharsets.UTF_8));
  }

  private String request() throws IOException {
    if (json == null) {
      return "";
    }
    return json.equals("-")
        ? new String(StandardInput.stream().readAllBytes(), StandardCharsets.UTF_8)
        : json;
  }
}
