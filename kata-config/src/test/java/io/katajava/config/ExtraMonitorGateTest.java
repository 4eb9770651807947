package io.katajava.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.katajava.KataException;
import io.katajava.qemu.ExtraMonitor;
import io.katajava.qemu.QemuDebug;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The gate: from the table of keys through file, drop-ins and annotations to the command line. */
class ExtraMonitorGateTest {
  private static final String SECTION = "[hypervisor.qemu]\n";
  private static final String DEBUG = "enable_debug = true\n";
  private static final Path STATE = Path.of("/run/kata-java/example");

  @TempDir Path directory;
  private ConfigurationDirectory files;

  @BeforeEach
  void makeDirectory() {
    files = new ConfigurationDirectory(directory);
  }

  private static String socket(ExtraMonitor monitor) {
    return "extra_monitor_socket = \"" + monitor.configurationValue() + "\"\n";
  }

  private static List<String> arguments(KataConfiguration configuration) {
    LaunchPlan plan = configuration.plan();
    return plan.qemu()
        .toHypervisor()
        .commandLine(
            new io.katajava.spi.VmSpec("example", plan.qemu().sizes(), plan.guestAssets()), STATE);
  }

  private static void assertClosed(KataConfiguration configuration) {
    assertThat(configuration.monitorGate().open()).isEmpty();
    assertThat(configuration.plan().qemu().debug().flatMap(QemuDebug::extraMonitor)).isEmpty();
    assertThat(arguments(configuration))
        .doesNotContain("-monitor", "-qmp-pretty", "-mon")
        .noneMatch(argument -> argument.contains("extra-monitor"))
        .filteredOn("-qmp"::equals)
        .hasSize(1);
  }

  private static void assertOpen(KataConfiguration configuration, ExtraMonitor monitor) {
    assertThat(configuration.monitorGate().state()).isEqualTo(MonitorGate.State.OPEN);
    assertThat(configuration.plan().qemu().debug().flatMap(QemuDebug::extraMonitor))
        .hasValue(monitor);
    List<String> line = arguments(configuration);
    int main = line.indexOf("-qmp");
    // Directly after the main one.
    assertThat(line.subList(main + 2, main + 4))
        .containsExactly(
            monitor.option(), "unix:path=" + STATE + "/extra-monitor.sock,server=on,wait=off");
  }

  @Test
  void itsKeys_haveNoAnnotation() {
    assertThat(ConfigurationKeys.all())
        .filteredOn(key -> List.of("extra_monitor_socket", "enable_debug").contains(key.name()))
        .isNotEmpty()
        .allSatisfy(key -> assertThat(key.annotation()).isEmpty());
    assertThat(ConfigurationKeys.find("hypervisor.qemu", "extra_monitor_socket").orElseThrow())
        .satisfies(key -> assertThat(key.hypervisors()).containsExactly("qemu"));
  }

  @ParameterizedTest
  @EnumSource
  void bothKeys_inOneFile_open(ExtraMonitor monitor) throws IOException {
    KataConfiguration configuration = files.main(SECTION + DEBUG + socket(monitor)).read();

    assertOpen(configuration, monitor);
    assertThat(configuration.warnings()).isEmpty();
    assertThat(configuration.monitorGate().why()).contains("untrusted");
  }

  @ParameterizedTest
  @EnumSource
  void debugOff_validValue_isIgnoredWithOneWarning(ExtraMonitor monitor) throws IOException {
    for (String debug : List.of("", "enable_debug = false\n")) {
      KataConfiguration configuration = files.main(SECTION + debug + socket(monitor)).read();

      assertClosed(configuration);
      assertThat(configuration.monitorGate().state()).isEqualTo(MonitorGate.State.IGNORED);
      assertThat(configuration.warnings())
          .singleElement()
          .asString()
          .endsWith(
              "hypervisor.qemu.extra_monitor_socket is ignored because enable_debug of"
                  + " [hypervisor.qemu] is not true");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "enable_debug = false\n", "enable_debug = true\n"})
  void invalidValue_isAnErrorEitherWay(String debug) throws IOException {
    for (String value : List.of("QMP", "qmp ", "monitor", "unix:/tmp/x", "qmp,qmp-pretty")) {
      files.main(SECTION + debug + "extra_monitor_socket = \"" + value + "\"\n");

      ConfigurationException failure =
          catchThrowableOfType(ConfigurationException.class, files::read);

      assertThat(failure).hasMessageEndingWith("allowed: hmp, qmp, qmp-pretty");
    }
  }

  @Test
  void debugAlone_isDebugOutputWithoutMonitor() throws IOException {
    for (String empty : List.of("", "extra_monitor_socket = \"\"\n")) {
      KataConfiguration configuration = files.main(SECTION + DEBUG + empty).read();

      assertClosed(configuration);
      assertThat(configuration.warnings()).isEmpty();
      assertThat(configuration.plan().qemu().debug()).isPresent();
      assertThat(arguments(configuration).toString()).contains("agent.log=debug");
    }
  }

  @Test
  void debugOfOtherSections_doesNotCount() throws IOException {
    KataConfiguration configuration =
        files
            .main(
                SECTION
                    + socket(ExtraMonitor.QMP)
                    + "[runtime]\n"
                    + DEBUG
                    + "[agent.kata]\n"
                    + DEBUG
                    + "[hypervisor.clh]\n"
                    + DEBUG)
            .read();

    assertClosed(configuration);
    assertThat(configuration.plan().qemu().debug()).isEmpty();
    assertThat(configuration.warnings())
        .filteredOn(warning -> warning.toString().contains("extra_monitor_socket"))
        .hasSize(1);
  }

  @Test
  void socketOfAnotherSection_doesNotCount() throws IOException {
    KataConfiguration configuration =
        files.main(SECTION + DEBUG + "[hypervisor.clh]\n" + socket(ExtraMonitor.HMP)).read();

    assertClosed(configuration);
    assertThat(configuration.monitorGate().state()).isEqualTo(MonitorGate.State.CLOSED);
  }

  @Test
  void otherSpelling_isTheSameKey() throws IOException {
    String spelled = "dbg_monitor_socket = \"hmp\"\n";

    assertOpen(files.main(SECTION + DEBUG + spelled).read(), ExtraMonitor.HMP);
    assertClosed(files.main(SECTION + spelled).read());
    assertThat(
            catchThrowableOfType(
                ConfigurationException.class,
                () -> files.main(SECTION + "dbg_monitor_socket = \"x\"\n").read()))
        .hasMessageContaining("hmp, qmp, qmp-pretty");
  }

  @Test
  void dropIns_mayBringEitherKey() throws IOException {
    files.main(SECTION + socket(ExtraMonitor.QMP)).dropIn("10.toml", SECTION + DEBUG);
    assertOpen(files.read(), ExtraMonitor.QMP);

    files.main(SECTION + DEBUG).dropIn("10.toml", SECTION + socket(ExtraMonitor.HMP));
    assertOpen(files.read(), ExtraMonitor.HMP);

    files.dropIn("20.toml", SECTION + "enable_debug = false\n");
    KataConfiguration closed = files.read();
    assertClosed(closed);
    assertThat(closed.warnings()).hasSize(1);

    files.dropIn("30.toml", SECTION + DEBUG + "extra_monitor_socket = \"\"\n");
    assertClosed(files.read());
  }

  @Test
  void annotations_openNothing_howeverMuchIsEnabled() throws IOException {
    Map<String, String> attempts =
        Map.of(
            "enable_debug", "true",
            "extra_monitor_socket", "qmp",
            "dbg_monitor_socket", "qmp",
            "debug", "true",
            "monitor", "qmp");
    for (String existing : List.of("", DEBUG, socket(ExtraMonitor.QMP))) {
      ConfigurationReader reader =
          files.main(SECTION + existing + "enable_annotations = [\".*\"]\n").reader();
      attempts.forEach(
          (name, value) -> {
            reader.annotation("io.katacontainers.config.hypervisor." + name, value);
            reader.annotation("io.katacontainers.config.hypervisor.qemu." + name, value);
            reader.annotation("io.katacontainers.config." + name, value);
            reader.annotation("io.katacontainers.config.runtime." + name, value);
            reader.annotation("io.katacontainers.config.agent." + name, value);
          });

      KataConfiguration configuration = reader.read();

      assertClosed(configuration);
      assertThat(configuration.warnings())
          .filteredOn(warning -> warning.origin().kind() == Origin.Kind.ANNOTATION)
          .hasSize(25);
    }
  }

  @Test
  void annotations_notEnabled_areErrors() throws IOException {
    ConfigurationReader reader =
        files
            .main(SECTION + socket(ExtraMonitor.QMP))
            .reader()
            .annotation("io.katacontainers.config.hypervisor.enable_debug", "true");

    assertThat(catchThrowableOfType(ConfigurationException.class, reader::read))
        .hasMessageContaining("is not enabled");
  }

  @Test
  void annotations_thatReachTheCommandLine_stayOneArgument() throws IOException {
    String attack = "x -monitor unix:path=/tmp/m,server=on";
    KataConfiguration configuration =
        files
            .main(SECTION + "enable_annotations = [\".*\"]\n")
            .reader()
            .annotation("io.katacontainers.config.hypervisor.kernel_params", attack)
            .annotation(
                "io.katacontainers.config.hypervisor.machine_accelerators",
                "x -monitor unix:path=relative,server=on")
            .annotation("io.katacontainers.config.hypervisor.cpu_features", attack)
            .read();

    assertClosed(configuration);
  }

  @Test
  void program_opensItOnlyWithBothKeys() {
    KataConfiguration.Builder builder =
        KataConfiguration.builder().set("hypervisor.qemu", "extra_monitor_socket", "qmp-pretty");

    assertClosed(builder.build());
    assertOpen(
        builder.set("hypervisor.qemu", "enable_debug", true).build(), ExtraMonitor.QMP_PRETTY);
    assertThat(builder.build().convert(Layout.RUNTIME_RS).configuration().monitorGate().open())
        .isEqualTo(Optional.of(ExtraMonitor.QMP_PRETTY));
  }

  /** Members of {@code -machine} that have QEMU open files of the host. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "dumpdtb=/tmp/d",
        "hmat=off,dumpdtb=/tmp/d",
        "dtb=/tmp/d",
        "firmware=/tmp/f",
        "kernel=/tmp/k",
        "pflash0=p",
        "any=/dev/mem"
      })
  void machineAccelerators_thatOpen_needDebugAndNoAnnotation(String value) throws IOException {
    String set = "machine_accelerators = \"" + value + "\"\n";

    assertThat(refused(files.main(SECTION + set).read())).contains("QEMU open a file of the host");
    assertThat(files.main(SECTION + DEBUG + set).read().plan().qemu().machineOptions())
        .isNotEmpty();
    for (String debug : List.of("", DEBUG)) {
      KataConfiguration annotated =
          files
              .main(SECTION + debug + "enable_annotations = [\".*\"]\n")
              .reader()
              .annotation("io.katacontainers.config.hypervisor.machine_accelerators", value)
              .read();
      assertThat(refused(annotated)).contains("QEMU open a file of the host");
    }
  }

  private static String refused(KataConfiguration configuration) {
    KataException failure =
        catchThrowableOfType(KataException.class, () -> configuration.plan().qemu());
    return String.valueOf(failure.getMessage());
  }

  @Test
  void machineAccelerators_thatStayInside_areTaken() throws IOException {
    KataConfiguration configuration =
        files
            .main(SECTION + "enable_annotations = [\".*\"]\n")
            .reader()
            .annotation("io.katacontainers.config.hypervisor.machine_accelerators", "hmat=off")
            .read();

    assertThat(configuration.plan().qemu().machineOptions()).containsExactly("hmat=off");
    assertClosed(configuration);
  }

  /** virtiofsd runs as root where the JVM does: another directory would be the host's own. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"--shared-dir=/\"",
        "\"--shared-dir\", \"/\"",
        "\"-o\", \"source=/\"",
        "\"-o\", \"xattr,source=/\"",
        "\"-osource=/\"",
        "\"--socket-path=/tmp/s\"",
        "\"--fd=3\"",
        "\"--sandbox=none\"",
        "\"--sandbox\", \"chroot\"",
        "\"--seccomp=none\"",
        "\"-o\", \"modcaps=+sys_admin\"",
        "\"--daemonize\""
      })
  void virtioFsArguments_thatNameAnotherDirectoryOrTakeAWall_areRefused(String arguments)
      throws IOException {
    String section = SECTION + "virtio_fs_daemon = \"/bin/true\"\nshared_fs = \"virtio-fs\"\n";

    assertThat(refused(files.main(section + "virtio_fs_extra_args = [" + arguments + "]\n").read()))
        .contains("cannot be added to virtiofsd's arguments");
    assertThat(
            refused(
                files
                    .main(section + "enable_annotations = [\".*\"]\n")
                    .reader()
                    .annotation(
                        "io.katacontainers.config.hypervisor.virtio_fs_extra_args",
                        "[" + arguments + "]")
                    .read()))
        .contains("cannot be added to virtiofsd's arguments");
  }

  /** Text of the configuration that becomes part of an option's value begins no other member. */
  @Test
  void values_withCommasAndDashes_addNoOptionAndNoMember() throws IOException {
    KataConfiguration configuration =
        files
            .main(
                SECTION
                    + "cpu_features = \"pmu=off, -qmp stdio\"\n"
                    + "kernel_params = \"a=1 -monitor stdio\"\n"
                    + "seccompsandbox = \"on -s\"\n")
            .read();

    List<String> line = arguments(configuration);
    assertThat(line).doesNotContain("-monitor", "-s", "stdio");
    assertThat(line.get(line.indexOf("-cpu") + 1)).endsWith(",pmu=off,-qmp stdio");
    assertThat(line.get(line.indexOf("-sandbox") + 1)).isEqualTo("on -s");
    assertClosed(configuration);
  }
}
