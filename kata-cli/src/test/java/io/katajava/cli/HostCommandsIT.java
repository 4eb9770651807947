package io.katajava.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.KataDirectories;
import io.katajava.SandboxLedger;
import io.katajava.SandboxRecord;
import io.katajava.json.JsonObject;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands about host and sandboxes as users run them: processes of their own, real QEMU. */
class HostCommandsIT {
  private static final long LIMIT_SECONDS = 120;

  @TempDir Path directory;

  private record Finished(int code, String out, String err) {}

  private static List<String> command(String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx256m", "-cp", System.getProperty("java.class.path")));
    command.add(KataCommand.class.getName());
    command.addAll(List.of(arguments));
    return command;
  }

  private Finished run(String... arguments) throws Exception {
    File out = Files.createTempFile(directory, "out", null).toFile();
    File err = Files.createTempFile(directory, "err", null).toFile();
    ProcessBuilder builder = new ProcessBuilder(command(arguments));
    builder.environment().put("TEST_API_TOKEN", "s3cr3t-of-the-test");
    Process process =
        builder
            .directory(directory.toFile())
            .redirectInput(new File("/dev/null"))
            .redirectOutput(out)
            .redirectError(err)
            .start();
    try {
      assertThat(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
      return new Finished(
          process.exitValue(), Files.readString(out.toPath()), Files.readString(err.toPath()));
    } finally {
      process.destroyForcibly();
    }
  }

  /** A sandbox of another JVM that is up. */
  private static Process sandboxElsewhere() throws IOException {
    Process process =
        new ProcessBuilder(command("run", "--", "sh", "-c", "echo up; sleep 600"))
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    BufferedReader out =
        new BufferedReader(
            new java.io.InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    assertThat(out.readLine()).isEqualTo("up");
    return process;
  }

  private static SandboxRecord recordOf(Process owner) {
    return SandboxLedger.open().sandboxes().stream()
        .filter(sandbox -> sandbox.owner().pid() == owner.pid())
        .findFirst()
        .orElseThrow();
  }

  /** No process of the sandbox runs any more; a zombie nobody reaps does not run. */
  private static void assertEnded(SandboxRecord sandbox) {
    assertThat(SandboxLedger.open().stop(sandbox, Duration.ZERO)).isZero();
  }

  @Test
  void check_thisMachine_isUsable() throws Exception {
    Finished text = run("check", "--verbose");
    Finished json = run("check", "--json", "--no-network-checks");

    // TCG is a limit; a machine without it is better still.
    assertThat(text.code()).isIn(0, 3).isEqualTo(json.code());
    assertThat(text.out()).contains("PASSED  qemu/binary", "sandboxes").doesNotContain("\u001b");
    assertThat(text.err()).isEmpty();
    JsonObject report = JsonObject.parse(json.out());
    assertThat(report.names()).containsExactly("verdict", "exitCode", "findings", "broken");
  }

  @Test
  void env_isTomlAndJson() throws Exception {
    assertThat(run("env").out()).startsWith("[Kernel]\nPath = \"").contains("MachineType = \"");
    assertThat(JsonObject.parse(run("env", "--json").out()).names())
        .containsExactly(
            "Kernel", "Meta", "Image", "Initrd", "Hypervisor", "Runtime", "Host", "Agent");
  }

  @Test
  void guest_isBuiltListedAndVerified() throws Exception {
    Finished built = run("guest", "build");
    assertThat(built.code()).as(built.err()).isZero();
    assertThat(built.out()).contains("kernel: ", "initrd: ");

    Finished listed = run("guest", "list");
    assertThat(listed.out()).contains("ID", KataDirectories.fromEnvironment().cache().toString());

    Finished verified = run("guest", "verify");
    assertThat(verified.code()).as(verified.out()).isZero();
    assertThat(verified.out()).contains("as it was made");
  }

  @Test
  void sandboxOfAnotherJvm_isListedAndStopped() throws Exception {
    Process owner = sandboxElsewhere();
    try {
      SandboxRecord sandbox = recordOf(owner);

      assertThat(run("ps").out()).contains(sandbox.id() + "  running", "" + owner.pid());
      assertThat(run("ps", "-q").out().lines()).contains(sandbox.id());
      assertThat(run("ps", "--json").out()).contains("\"id\": \"" + sandbox.id() + "\"");
      Finished stopped = run("stop", sandbox.id());

      assertThat(stopped.code()).as(stopped.err()).isZero();
      assertThat(stopped.out()).isEqualTo(sandbox.id() + "\n");
      assertEnded(sandbox);
      assertThat(owner.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
      assertThat(owner.exitValue()).isNotZero();
      assertThat(sandbox.directory()).doesNotExist();
    } finally {
      owner.destroyForcibly();
    }
  }

  @Test
  void sandboxOfAKilledJvm_isCleanedUp() throws Exception {
    Process owner = sandboxElsewhere();
    SandboxRecord sandbox;
    try {
      sandbox = recordOf(owner);
    } finally {
      owner.destroyForcibly().waitFor();
    }

    Finished cleaned = run("cleanup");

    assertThat(cleaned.code()).as(cleaned.err()).isZero();
    assertThat(cleaned.out().lines()).contains(sandbox.id());
    assertEnded(sandbox);
    assertThat(sandbox.directory()).doesNotExist();
  }

  @Test
  void version_shortAndLongWay_saysTheSame() throws Exception {
    Finished quick = run("version");

    assertThat(quick.code()).isZero();
    assertThat(quick.out()).startsWith("kata-java ").hasLineCount(1);
    assertThat(run("version", "--verbose").out()).startsWith(quick.out());
  }

  @Test
  void stop_unknownSandbox_saysSo() throws Exception {
    Finished finished = run("stop", "nosuchsandbox");

    assertThat(finished.code()).isEqualTo(1);
    assertThat(finished.err()).contains("no sandbox 'nosuchsandbox'").hasLineCount(1);
  }

  @Test
  void debugCollect_hasTheEvidence_andNoSecret() throws Exception {
    Path log = Files.writeString(directory.resolve("app.log"), "password=hunter2\nplain\n");
    Path config =
        Files.writeString(
            directory.resolve("configuration.toml"),
            "[runtime]\nregistry_token = \"hunter2\" # s3cr3t-of-the-test\n");
    Path archive = directory.resolve("evidence.tar.gz");

    Finished finished =
        run(
            "debug",
            "collect",
            "-o",
            archive.toString(),
            "--log",
            log.toString(),
            "--config",
            config.toString());

    assertThat(finished.code()).as(finished.err()).isZero();
    assertThat(finished.out()).isEqualTo(archive + "\n");
    Map<String, String> texts = DebugArchiveTest.read(archive);
    assertThat(texts)
        .containsKeys(
            "host-check.txt",
            "host-check.json",
            "environment.toml",
            "sandboxes.txt",
            "guests.txt",
            "contents.txt",
            "logs" + log,
            "configuration" + config,
            "trial/timeline.txt",
            "trial/console.txt",
            "trial/command-line.txt",
            "trial/qmp.json");
    assertThat(texts.get("trial/result.txt")).contains("Linux");
    assertThat(texts.get("trial/console.txt")).isNotEmpty();
    assertThat(JsonObject.parse(String.valueOf(texts.get("trial/qmp.json"))).get("query-status"))
        .isNotNull()
        .asString()
        .contains("running");
    assertThat(texts.get("logs" + log)).isEqualTo("password=<redacted>\nplain\n");
    assertThat(texts.values())
        .noneMatch(text -> text.contains("hunter2") || text.contains("s3cr3t-of-the-test"));
  }

  @Test
  void logFile_getsTheLogLinesWithTheirTime() throws Exception {
    Path log = directory.resolve("kata.log");
    Process owner = sandboxElsewhere();
    owner.destroyForcibly().waitFor();

    Finished finished = run("--log-file", log.toString(), "cleanup");

    assertThat(finished.err()).isEmpty();
    assertThat(Files.readString(log))
        .matches("(?s)\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}\\S* .*LedgerSweep.*");
    assertThat(run("log-parse", log.toString()).out()).contains("kata-java LedgerSweep: removed");
  }

  @Test
  void completion_isAScriptThatBashUnderstands() throws Exception {
    Path script = Files.writeString(directory.resolve("kata.bash"), run("completion").out());

    Process bash =
        new ProcessBuilder(
                "bash",
                "-c",
                "compopt() { :; }; source \"$0\"; COMP_WORDS=(kata ch); COMP_CWORD=1;"
                    + " _complete_kata; echo \"${COMPREPLY[*]}\"",
                script.toString())
            .redirectErrorStream(true)
            .start();
    String reply = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(bash.waitFor(20, TimeUnit.SECONDS)).isTrue();
    assertThat(reply).isEqualTo("check\n");
  }
}
