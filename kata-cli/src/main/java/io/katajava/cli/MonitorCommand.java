package io.katajava.cli;

import io.katajava.KataDirectories;
import io.katajava.json.JsonException;
import io.katajava.json.JsonObject;
import io.katajava.json.JsonValue;
import io.katajava.qmp.QmpClient;
import io.katajava.qmp.QmpCommandException;
import io.katajava.qmp.QmpException;
import io.katajava.qmp.QmpOptions;
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

/** {@code kata qmp}: one command, or a shell, at the monitor of any QEMU. */
@Command(
    name = "qmp",
    description = "Send a command to QEMU's monitor, or talk to it in a shell.",
    footer = {
      "",
      "Without a command it is a shell: on a terminal with history, completion from",
      "the schema of the connected QEMU, and events as they come; from a pipe a",
      "command per line. A line is",
      "  COMMAND                      query-status",
      "  COMMAND NAME=VALUE ...       device_del id=net0",
      "  COMMAND JSON                 device_del {\"id\": \"net0\"}",
      ".help and .exit are the shell's own; quit ends QEMU.",
      "",
      "Results are JSON on stdout. The exit code is 0, 1 when QEMU refused a command,",
      "125 when there was no answer.",
      "",
      "Examples:",
      "  kata qmp /run/vm/qmp.sock query-status",
      "  kata qmp /run/vm/qmp.sock device_del '{\"id\": \"net0\"}'"
    })
final class MonitorCommand implements Callable<Integer> {
  /** QEMU refused. */
  static final int REFUSED = 1;

  @Spec CommandSpec spec;

  @Parameters(index = "0", paramLabel = "SOCKET", description = "The socket of a QMP monitor.")
  Path socket;

  @Parameters(index = "1", arity = "0..1", paramLabel = "COMMAND", description = "A QMP command.")
  @Nullable String command;

  @Parameters(
      index = "2",
      arity = "0..1",
      paramLabel = "JSON",
      description = "Its arguments, a JSON object.")
  @Nullable String json;

  @Option(
      names = "--timeout",
      paramLabel = "DUR",
      description = "Longest wait for a session and for each reply. Default: 10s.")
  Duration timeout = QmpOptions.DEFAULT_CALL_TIMEOUT;

  @Option(
      names = "--guest-agent",
      description = "The socket is that of QEMU's guest agent, which sends no greeting.")
  boolean guestAgent;

  @SuppressWarnings("NullAway.Init")
  MonitorCommand() {}

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    try (QmpClient qmp = QmpClient.connect(socket, options())) {
      if (command != null) {
        JsonValue result = qmp.execute(QmpClient.command(command, arguments()));
        out.println(Json.indented(result));
        out.flush();
        return 0;
      }
      if (!isTerminal(0) || !isTerminal(1)) {
        return new MonitorScript(qmp, !guestAgent, out, spec.commandLine().getErr())
            .run(
                new BufferedReader(
                    new InputStreamReader(StandardInput.stream(), StandardCharsets.UTF_8)));
      }
      Path history = KataDirectories.fromEnvironment().cache().resolve("qmp-history");
      return new MonitorShell(qmp, !guestAgent, history).run();
    } catch (QmpCommandException e) {
      return failed(e, REFUSED);
    } catch (QmpException | IllegalArgumentException e) {
      return failed(e, ExitCodes.OWN_FAILURE);
    }
  }

  /** By the name of what is open: System.console() tells less with each JDK. */
  private static boolean isTerminal(int descriptor) {
    try {
      return Files.readSymbolicLink(Path.of("/proc/self/fd", descriptor + ""))
          .toString()
          .matches("/dev/(pts/|tty|hvc|console).*");
    } catch (IOException e) {
      return false;
    }
  }

  private QmpOptions options() {
    return QmpOptions.builder()
        .connectTimeout(timeout)
        .callTimeout(timeout)
        .guestAgentProtocol(guestAgent)
        .build();
  }

  private JsonObject arguments() {
    try {
      return json == null ? JsonObject.EMPTY : JsonObject.parse(json);
    } catch (JsonException e) {
      throw new ParameterException(
          spec.commandLine(), "the arguments are not a JSON object: " + e.getMessage());
    }
  }

  private int failed(Exception failure, int code) {
    PrintWriter err = spec.commandLine().getErr();
    err.println("kata: " + failure.getMessage());
    err.flush();
    return code;
  }
}
