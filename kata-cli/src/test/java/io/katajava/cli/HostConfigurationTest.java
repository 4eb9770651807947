package io.katajava.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.katajava.Host;
import io.katajava.HostFact;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** The commands about the host, with a configuration file. */
class HostConfigurationTest {
  private static final String BROKEN =
      """
      [hypervisor.qemu]
      default_memory = "much"
      pcie_root_port = 17
      [runtime]
      jaeger_password = "hunter2"
      """;

  @TempDir Path directory;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int execute(String... arguments) {
    CommandLine line = KataCommand.commandLine();
    line.setOut(new PrintWriter(out));
    line.setErr(new PrintWriter(err));
    return line.execute(arguments);
  }

  private Path file() {
    return directory.resolve("configuration.toml");
  }

  private String write(String toml) throws IOException {
    return Files.writeString(file(), toml).toString();
  }

  /** A program that is no QEMU. */
  private Path program(String name) throws IOException {
    Path file = Files.writeString(directory.resolve(name), "#!/bin/sh\nexit 1\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    return file;
  }

  private JsonNode env(String toml) throws IOException {
    assertThat(execute("env", "--json", "--config", write(toml))).as(err.toString()).isZero();
    return new ObjectMapper().readTree(out.toString());
  }

  private JsonNode check(int code, String... arguments) throws IOException {
    assertThat(execute(arguments)).as(err.toString()).isEqualTo(code);
    return new ObjectMapper().readTree(out.toString());
  }

  private static JsonNode finding(JsonNode report, String group, String name) {
    for (JsonNode finding : report.get("findings")) {
      if (finding.get("group").asText().equals(group)
          && finding.get("name").asText().equals(name)) {
        return finding;
      }
    }
    throw new AssertionError("no finding " + group + "/" + name + " in " + report);
  }

  @Test
  void env_saysWhatTheConfigurationSets() throws IOException {
    Path qemu = program("qemu");
    Path kernel = Files.writeString(directory.resolve("vmlinux"), "k");
    Path initrd = Files.writeString(directory.resolve("initrd"), "i");

    JsonNode report =
        env(
            """
            [hypervisor.qemu]
            path = "%s"
            kernel = "%s"
            initrd = "%s"
            kernel_params = "quiet loglevel=3"
            entropy_source = "/dev/urandom"
            shared_fs = "none"
            block_device_driver = "virtio-scsi"
            default_memory = 512
            memory_slots = 3
            pcie_root_port = 2
            enable_debug = true
            enable_annotations = ["kernel_params"]
            disable_seccomp = true
            [agent.kata]
            enable_debug = true
            enable_tracing = true
            [runtime]
            enable_debug = true
            sandbox_cgroup_only = true
            disable_guest_seccomp = true
            experimental = ["force_guest_pull"]
            """
                .formatted(qemu, kernel, initrd));

    JsonNode hypervisor = report.get("Hypervisor");
    assertThat(hypervisor.get("Path").asText()).isEqualTo(qemu.toString());
    assertThat(hypervisor.get("EntropySource").asText()).isEqualTo("/dev/urandom");
    assertThat(hypervisor.get("SharedFS").asText()).isEqualTo("none");
    assertThat(hypervisor.get("BlockDeviceDriver").asText()).isEqualTo("virtio-scsi");
    assertThat(hypervisor.get("DefaultMemory").asLong()).isEqualTo(512);
    assertThat(hypervisor.get("DefaultVCPUs").asLong()).isEqualTo(1);
    assertThat(hypervisor.get("MemorySlots").asLong()).isEqualTo(3);
    assertThat(hypervisor.get("PCIeRootPort").asLong()).isEqualTo(2);
    assertThat(hypervisor.get("Debug").asBoolean()).isTrue();
    assertThat(hypervisor.at("/SecurityInfo/DisableSeccomp").asBoolean()).isTrue();
    assertThat(hypervisor.at("/SecurityInfo/EnableAnnotations/0").asText())
        .isEqualTo("kernel_params");
    assertThat(report.at("/Kernel/Path").asText()).isEqualTo(kernel.toString());
    assertThat(report.at("/Kernel/Parameters").asText())
        .isEqualTo("agent.log=debug agent.trace=true quiet loglevel=3");
    assertThat(report.at("/Initrd/Path").asText()).isEqualTo(initrd.toString());
    assertThat(report.at("/Image/Path").asText()).isEmpty();
    assertThat(report.at("/Agent/Debug").asBoolean()).isTrue();
    assertThat(report.at("/Agent/Trace").asBoolean()).isTrue();
    JsonNode runtime = report.get("Runtime");
    assertThat(runtime.get("Debug").asBoolean()).isTrue();
    assertThat(runtime.get("Trace").asBoolean()).isFalse();
    assertThat(runtime.get("SandboxCgroupOnly").asBoolean()).isTrue();
    assertThat(runtime.get("DisableGuestSeccomp").asBoolean()).isTrue();
    assertThat(runtime.at("/Experimental/0").asText()).isEqualTo("force_guest_pull");
    assertThat(runtime.at("/Config/Path").asText()).isEqualTo(file().toString());
  }

  @Test
  void env_guestOfTheClassPath_getsTheConfiguredParametersToo() throws IOException {
    JsonNode report = env("[hypervisor.qemu]\nkernel_params = \"quiet\"\ndefault_vcpus = 1\n");

    String usual =
        Host.environment().facts().stream()
            .filter(fact -> fact.section().equals("Kernel") && fact.name().equals("Parameters"))
            .map(fact -> fact.value() + " ")
            .findFirst()
            .orElseThrow();
    assertThat(report.at("/Kernel/Parameters").asText()).isEqualTo((usual + "quiet").strip());
    assertThat(report.at("/Agent/Debug").asBoolean()).isFalse();
    assertThat(report.at("/Hypervisor/DefaultMemory").asLong()).isEqualTo(2048);
  }

  @Test
  void env_hypervisorThatIsNotDriven_isNotTakenForQemu() throws IOException {
    JsonNode hypervisor = env("[hypervisor.clh]\nshared_fs = \"none\"\n").get("Hypervisor");

    assertThat(hypervisor.get("Path").asText()).isEqualTo(HostFact.UNKNOWN);
    assertThat(hypervisor.get("Version").asText()).isEqualTo(HostFact.UNKNOWN);
    assertThat(hypervisor.get("SharedFS").asText()).isEqualTo("none");
  }

  @Test
  void check_looksAtWhatTheConfigurationNames() throws IOException {
    Path qemu = program("qemu");
    Path kernel = Files.writeString(directory.resolve("vmlinux"), "k");
    Path initrd = Files.writeString(directory.resolve("initrd"), "i");
    String config =
        write(
            "[hypervisor.qemu]\npath = \"%s\"\nkernel = \"%s\"\ninitrd = \"%s\"\n"
                .formatted(qemu, kernel, initrd));

    JsonNode report = check(ExitCodes.NOT_USABLE, "check", "--json", "--config", config);

    assertThat(finding(report, "qemu", "binary").get("reason").asText()).isEqualTo(qemu.toString());
    assertThat(finding(report, "qemu", "version").get("status").asText()).isEqualTo("failed");
    assertThat(finding(report, "guest", "kernel").get("reason").asText())
        .startsWith(kernel.toString());
    assertThat(finding(report, "guest", "initrd").get("status").asText()).isEqualTo("passed");
    assertThat(finding(report, "configuration", "file").get("reason").asText()).isEqualTo(config);
  }

  @Test
  void check_configurationThatWouldNotStart_isNotUsable() throws IOException {
    String config = write("[hypervisor.qemu]\nconfidential_guest = true\n");

    JsonNode report = check(ExitCodes.NOT_USABLE, "check", "--json", "--config", config);

    JsonNode plan = finding(report, "configuration", "plan");
    assertThat(plan.get("reason").asText()).contains("confidential_guest");
    assertThat(plan.get("remedy").asText()).contains(config);
  }

  @ParameterizedTest
  @ValueSource(strings = {"env", "check"})
  void brokenConfiguration_tellsEachProblemInALine_exits2(String command) throws IOException {
    assertThat(execute(command, "--config", write(BROKEN))).isEqualTo(2);

    assertThat(out.toString()).isEmpty();
    assertThat(err.toString().lines())
        .hasSize(2)
        .allSatisfy(line -> assertThat(line).startsWith("error: " + file() + ":"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"env", "check"})
  void namedFileThatIsNotThere_tellsSo_exits2(String command) {
    assertThat(execute(command, "--config", file().toString())).isEqualTo(2);
    assertThat(err.toString()).startsWith("error: " + file()).hasLineCount(1);
  }

  @Test
  void env_unknownKey_isAWarning() throws IOException {
    env("[hypervisor.qemu]\ndefualt_memory = 512\n");

    assertThat(err.toString()).startsWith("warning: " + file() + ":2:1: ").hasLineCount(1);
  }

  @Test
  void debugCollect_brokenConfiguration_isEvidence() throws IOException {
    Path dropIn = directory.resolve("config.d").resolve("10.toml");
    Files.createDirectories(dropIn.getParent());
    Files.writeString(dropIn, "[runtime]\nenable_debug = true\n");
    Path archive = directory.resolve("evidence.tar.gz");

    int code =
        execute(
            "debug", "collect", "--no-trial", "-o", archive.toString(), "--config", write(BROKEN));

    assertThat(code).as(err.toString()).isZero();
    Map<String, String> texts = DebugArchiveTest.read(archive);
    assertThat(texts.get("configuration" + file()))
        .isEqualTo(BROKEN.replace("hunter2", Redactor.REDACTED));
    assertThat(texts).containsKeys("configuration" + dropIn, "environment.toml", "host-check.txt");
    assertThat(String.valueOf(texts.get("configuration-problems.txt")).lines())
        .hasSize(2)
        .allSatisfy(line -> assertThat(line).startsWith("error: " + file() + ":"));
  }

  @Test
  void debugCollect_goodConfiguration_isInTheEnvironment() throws IOException {
    Path archive = directory.resolve("evidence.tar.gz");
    String config = write("[hypervisor.qemu]\ndefault_memory = 700\n");

    assertThat(execute("debug", "collect", "--no-trial", "-o", archive + "", "--config", config))
        .isZero();

    Map<String, String> texts = DebugArchiveTest.read(archive);
    assertThat(texts.get("environment.toml"))
        .contains("DefaultMemory = 700\n", "[Runtime.Config]\nPath = \"" + file() + "\"");
    assertThat(texts.get("configuration-problems.txt")).isEmpty();
    assertThat(texts.get("host-check.txt")).contains("configuration/file");
  }
}
