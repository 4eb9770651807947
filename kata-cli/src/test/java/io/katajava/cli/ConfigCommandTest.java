package io.katajava.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.katajava.config.BrokenFile;
import io.katajava.config.KataConfiguration;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class ConfigCommandTest {
  private static final String SECTION = "[hypervisor.qemu]\n";

  @TempDir Path directory;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private Path file;

  @SuppressWarnings("NullAway.Init") // The file is set before each test.
  ConfigCommandTest() {}

  @BeforeEach
  void nameFile() {
    file = directory.resolve("configuration.toml");
  }

  private int execute(String... arguments) {
    CommandLine line = KataCommand.commandLine();
    line.setOut(new PrintWriter(out));
    line.setErr(new PrintWriter(err));
    List<String> all = new ArrayList<>(List.of("config"));
    all.addAll(List.of(arguments));
    return line.execute(all.toArray(String[]::new));
  }

  private String write(String toml) throws IOException {
    return Files.writeString(file, toml).toString();
  }

  static List<BrokenFile> broken() throws IOException {
    return BrokenFile.all();
  }

  @ParameterizedTest
  @MethodSource("broken")
  void validate_brokenFile_tellsOneMessage_exits2(BrokenFile broken) throws IOException {
    List<String> arguments = new ArrayList<>(List.of("validate"));
    broken
        .annotations()
        .forEach((name, value) -> arguments.addAll(List.of("--annotation", name + "=" + value)));
    arguments.add(broken.putInto(directory).toString());

    assertThat(execute(arguments.toArray(String[]::new))).isEqualTo(2);

    assertThat(err.toString().lines())
        .filteredOn(line -> line.startsWith("error: "))
        .containsExactly("error: " + broken.messageIn(directory));
    assertThat(err.toString()).doesNotContain("\tat ", "Exception");
    assertThat(out.toString()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"show", "explain", "convert", "validate"})
  void everyCommand_brokenFile_exits2(String command) throws IOException {
    assertThat(execute(command, write(SECTION + "default_memory = \"much\"\n"))).isEqualTo(2);
    assertThat(err.toString()).startsWith("error: " + file + ":2:1: ").hasLineCount(1);
  }

  @Test
  void validate_unknownKey_isAWarning_strictlyAnError() throws IOException {
    String path = write(SECTION + "defualt_memory = 512\n");

    assertThat(execute("validate", path)).isZero();
    assertThat(err.toString())
        .isEqualToIgnoringNewLines(
            "warning: "
                + file
                + ":2:1: hypervisor.qemu.defualt_memory is unknown and ignored; did you mean"
                + " default_memory");
    assertThat(out.toString()).contains("no errors");
    assertThat(execute("validate", "--strict", path)).isEqualTo(2);
  }

  @Test
  void validate_json_listsTheProblems() throws IOException {
    assertThat(execute("validate", "--json", write(SECTION + "pcie_root_port = 17\n")))
        .isEqualTo(2);

    JsonNode json = new ObjectMapper().readTree(out.toString());
    assertThat(json.get("usable").asBoolean()).isFalse();
    JsonNode problem = json.get("problems").get(0);
    assertThat(problem.get("line").asInt()).isEqualTo(2);
    assertThat(problem.get("key").asText()).isEqualTo("hypervisor.qemu.pcie_root_port");
    assertThat(problem.get("allowed").asText()).isEqualTo("an integer from 0 to 16");
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void show_hasOriginAndEffect_noPassword() throws IOException {
    String path =
        write(
            SECTION
                + "default_vcpus = 2\nshared_fs = \"none\"\n[runtime]\njaeger_password = \"hunter2\"\n");

    assertThat(execute("show", path)).isZero();

    assertThat(out.toString())
        .contains("default_vcpus = 2.0", file + ":2:1", "counts: -smp")
        .contains(
            "shared_fs = \"none\"", "does not count: each sandbox says how directories reach it")
        .contains("jaeger_password = \"***\"")
        .doesNotContain("hunter2");
  }

  @Test
  void show_allAsJson_hasEveryKey() throws IOException {
    assertThat(execute("show", "--all", "--json", write(SECTION + "default_vcpus = 2\n"))).isZero();

    JsonNode settings = new ObjectMapper().readTree(out.toString()).get("settings");
    assertThat(settings.size()).isGreaterThan(170);
    assertThat(settings.findValuesAsText("origin")).contains("default", file + ":2:1");
  }

  @Test
  void explain_showsCommandLineGateAndWhatIsIgnored() throws IOException {
    String path =
        write(
            SECTION
                + "machine_type = \"q35\"\ndefault_vcpus = 1\nextra_monitor_socket = \"qmp\"\n"
                + "block_device_aio = \"threads\"\n[runtime]\nenable_debug = true\n");

    assertThat(execute("explain", path)).isZero();

    assertThat(out.toString())
        .contains("extra monitor: off (extra_monitor_socket = \"qmp\" is ignored")
        .contains("-machine q35", "GUEST/kernel")
        .contains("block_device_aio = \"threads\"")
        .doesNotContain("extra-monitor.sock");
    assertThat(err.toString()).hasLineCount(1).contains("extra_monitor_socket is ignored");
  }

  @Test
  void explain_openGate_showsTheMonitor() throws IOException {
    assertThat(
            execute(
                "explain",
                "--json",
                write(SECTION + "extra_monitor_socket = \"hmp\"\nenable_debug = true\n")))
        .isZero();

    JsonNode json = new ObjectMapper().readTree(out.toString());
    assertThat(json.get("extraMonitor").get("open").asBoolean()).isTrue();
    assertThat(json.get("extraMonitor").get("why").asText()).contains("untrusted");
    assertThat(json.get("commandLine").asText()).contains("-monitor", "extra-monitor.sock");
  }

  @Test
  void explain_whatIsNotStarted_exits1() throws IOException {
    assertThat(execute("explain", write(SECTION + "confidential_guest = true\n"))).isEqualTo(1);
    assertThat(out.toString()).contains("would not be started:", "confidential");
  }

  @Test
  void convert_toTheOtherRuntime_isAFileThatLoads() throws IOException {
    Path result = directory.resolve("rs.toml");

    assertThat(
            execute(
                "convert",
                "--to",
                "rs",
                "--output",
                result.toString(),
                write(SECTION + "seccompsandbox = \"on\"\nmsize_9p = 4096\n")))
        .isZero();

    assertThat(err.toString()).contains("note: hypervisor.qemu.msize_9p = 4096 is left out");
    KataConfiguration converted = KataConfiguration.read(result);
    assertThat(converted.hypervisor().string("seccomp_sandbox")).hasValue("on");
    assertThat(converted.runtime().hypervisorName()).hasValue("qemu");
  }

  @Test
  void convert_same_isNormalisedWithComments() throws IOException {
    assertThat(execute("convert", write("hypervisor.qemu.default_vcpus=2"))).isZero();
    assertThat(out.toString())
        .isEqualToIgnoringNewLines(
            """
            [hypervisor.qemu]
            # vCPUs of a machine.
            # Allowed: a number. Default: 1.0.
            default_vcpus = 2.0
            """);
  }

  @Test
  void keys_listsATable() {
    assertThat(execute("keys", "factory")).isZero();
    assertThat(out.toString()).contains("factory.enable_template", "not acted on:");
  }
}
