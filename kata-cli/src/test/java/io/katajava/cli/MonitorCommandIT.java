package io.katajava.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.qmp.QmpClient;
import io.katajava.qmp.QmpOptions;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code kata qmp} with a real QEMU. */
@Timeout(120)
@SuppressWarnings("NullAway.Init")
class MonitorCommandIT {
  @TempDir Path directory;
  private Process qemu;
  private Path socket;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeEach
  void start() throws Exception {
    socket = directory.resolve("qmp.sock");
    qemu =
        new ProcessBuilder(
                List.of(
                    "qemu-system-x86_64",
                    "-S",
                    "-nodefaults",
                    "-no-user-config",
                    "-display",
                    "none",
                    "-machine",
                    "none",
                    "-qmp",
                    "unix:" + socket + ",server=on,wait=off"))
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("log").toFile())
            .start();
    QmpClient.connect(socket, QmpOptions.builder().awaitSocket(true).build()).close();
  }

  @AfterEach
  void end() throws InterruptedException {
    qemu.destroyForcibly().waitFor();
  }

  private int execute(String... arguments) {
    CommandLine line = KataCommand.commandLine();
    line.setOut(new PrintWriter(out));
    line.setErr(new PrintWriter(err));
    return line.execute(arguments);
  }

  @Test
  void command_result_isJson() {
    assertThat(execute("qmp", socket.toString(), "query-status")).isZero();
    assertThat(out.toString()).contains("\"status\": \"prelaunch\"");
  }

  @Test
  void command_refused_saysWhyAndReturns1() {
    assertThat(execute("qmp", socket.toString(), "device_del", "{\"id\": \"nobody\"}"))
        .isEqualTo(MonitorCommand.REFUSED);
    assertThat(err.toString()).contains("DeviceNotFound").doesNotContain("\tat ");
  }

  @Test
  void arguments_notJson_areAUsageError() {
    assertThat(execute("qmp", socket.toString(), "stop", "{x")).isEqualTo(2);
    assertThat(err.toString()).contains("not a JSON object");
  }

  @Test
  void socket_missing_isTold() {
    assertThat(execute("qmp", directory + "/no.sock", "stop")).isEqualTo(ExitCodes.OWN_FAILURE);
    assertThat(err.toString()).contains("the socket does not exist").doesNotContain("\tat ");
  }

  @Test
  void script_linesOfAllForms_areCarriedOutUntilOneFails() throws IOException {
    String script =
        """
        # only digits, and a string all the same

        human-monitor-command command-line=17
        object-add qom-type=iothread id=t0
        qom-get {"path": "/objects/t0", "property": "type"}
        query-nonsense
        query-status
        """;
    int code;
    try (QmpClient qmp = QmpClient.connect(socket)) {
      code =
          new MonitorScript(qmp, true, new PrintWriter(out), new PrintWriter(err))
              .run(new BufferedReader(new StringReader(script)));
    }
    assertThat(code).isEqualTo(MonitorCommand.REFUSED);
    assertThat(out.toString())
        .contains("unknown command: '17'", "\"iothread\"")
        .doesNotContain("prelaunch");
    assertThat(err.toString()).contains("query-nonsense", "CommandNotFound");
  }

  @Test
  void completion_comesFromTheSchemaOfThisQemu() {
    try (QmpClient qmp = QmpClient.connect(socket)) {
      MonitorCompleter completer = new MonitorCompleter(qmp.schema());
      assertThat(completer.completions(List.of(), "query-stat"))
          .containsExactly("query-stats", "query-stats-schemas", "query-status");
      assertThat(completer.completions(List.of(), ".")).containsExactly(".help", ".exit");
      assertThat(completer.completions(List.of("device_del"), "")).containsExactly("id=");
      assertThat(completer.completions(List.of("device_del", "id=a"), "")).isEmpty();
      assertThat(completer.completions(List.of("blockdev-add"), "driver=qco"))
          .containsExactly("driver=qcow", "driver=qcow2");
      assertThat(completer.completions(List.of("blockdev-add"), "read-only="))
          .containsExactly("read-only=true", "read-only=false");
      assertThat(completer.completions(List.of("chardev-add"), "ba")).containsExactly("backend.");
      assertThat(completer.completions(List.of("chardev-add"), "backend.ty"))
          .containsExactly("backend.type=");
    }
  }

  @Test
  void shell_typedInto_answersAndShowsEvents_andForgetsSecrets() throws Exception {
    Path history = directory.resolve("cache/history");
    ByteArrayOutputStream screen = new ByteArrayOutputStream();
    PipedOutputStream keys = new PipedOutputStream();
    try (QmpClient qmp = QmpClient.connect(socket);
        Terminal terminal =
            TerminalBuilder.builder()
                .system(false)
                .type("xterm")
                .streams(new PipedInputStream(keys), screen)
                .build()) {
      CompletableFuture<Integer> shell =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return new MonitorShell(qmp, true, history).run(terminal);
                } catch (IOException e) {
                  throw new java.io.UncheckedIOException(e);
                }
              });
      seen(screen, "qmp> ");
      type(keys, "query-statu\t\r");
      seen(screen, "prelaunch");
      type(keys, "cont\r");
      seen(screen, "RESUME");
      type(keys, "object-add qom-type=secret id=s0 data=hunter2\r");
      type(keys, "what is this\r");
      seen(screen, "neither name=value");
      type(keys, ".help device_del\r");
      seen(screen, "id: string");
      type(keys, "quit\r");
      assertThat(shell.get(30, TimeUnit.SECONDS)).isZero();
    }
    assertThat(qemu.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(Files.readString(history))
        .contains("query-status", "cont", ".help device_del")
        .doesNotContain("hunter2", "what is this");
    assertThat(Files.getPosixFilePermissions(history))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
  }

  private static void type(PipedOutputStream keys, String text) throws IOException {
    keys.write(text.getBytes(UTF_8));
    keys.flush();
  }

  private static void seen(ByteArrayOutputStream screen, String text) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!screen.toString(UTF_8).contains(text)) {
      assertThat(System.nanoTime()).as("no '%s' on:%n%s", text, screen).isLessThan(deadline);
      TimeUnit.MILLISECONDS.sleep(10);
    }
  }
}
