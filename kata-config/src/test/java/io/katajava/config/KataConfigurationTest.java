package io.katajava.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.katajava.MemorySize;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KataConfigurationTest {
  @TempDir Path directory;
  private ConfigurationDirectory files;

  @BeforeEach
  void makeDirectory() {
    files = new ConfigurationDirectory(directory);
  }

  @Test
  void read_values_areTypedAndKeepTheirPlace() throws IOException {
    KataConfiguration configuration =
        files
            .main(
                """
                [hypervisor.qemu]
                default_vcpus = 2
                default_memory = 512   # MiB
                enable_annotations = ["kernel_params"]

                [agent.kata.mem_agent]
                enable = true

                [hypervisor.qemu.factory]
                enable_template = false
                """)
            .read();

    HypervisorSection qemu = configuration.hypervisor();
    assertThat(qemu.defaultVcpus()).isEqualTo(2.0);
    assertThat(qemu.defaultMemory()).isEqualTo(MemorySize.mebibytes(512));
    assertThat(qemu.enableAnnotations()).containsExactly("kernel_params");
    assertThat(configuration.setting("hypervisor.qemu", "default_memory"))
        .get()
        .hasToString("hypervisor.qemu.default_memory = 512 (" + files.file() + ":3:1)");
    assertThat(configuration.setting("agent.kata.mem_agent", "mem_agent_enable")).isPresent();
    assertThat(configuration.setting("hypervisor.qemu.factory", "enable_template")).isPresent();
    assertThat(configuration.files()).containsExactly(files.file());
    assertThat(configuration.warnings()).isEmpty();
  }

  @Test
  void read_emptyFile_hasDefaults() throws IOException {
    KataConfiguration configuration = files.main("").read();

    assertThat(configuration.settings()).isEmpty();
    assertThat(configuration.hypervisorName()).isEqualTo("qemu");
    assertThat(configuration.hypervisor().defaultMemory())
        .isEqualTo(HypervisorSection.DEFAULT_MEMORY);
    assertThat(configuration.hypervisor().enableDebug()).isFalse();
  }

  @Test
  void read_dropIns_winInTheOrderOfTheirNames() throws IOException {
    KataConfiguration configuration =
        files
            .main("[hypervisor.qemu]\ndefault_vcpus = 1\ndefault_memory = 256\n")
            .dropIn("20-more.toml", "[hypervisor.qemu]\ndefault_vcpus = 3\n")
            .dropIn("10-less.toml", "[hypervisor.qemu]\ndefault_vcpus = 2\n[runtime]\n")
            .dropIn("README", "not TOML [")
            .read();

    assertThat(configuration.setting("hypervisor.qemu", "default_vcpus").orElseThrow())
        .satisfies(
            setting -> {
              assertThat(setting.value()).isEqualTo(3.0);
              assertThat(setting.origin().place()).endsWith("config.d/20-more.toml");
            });
    assertThat(configuration.setting("hypervisor.qemu", "default_memory").orElseThrow().origin())
        .hasToString(files.file() + ":3:1");
    assertThat(configuration.files())
        .extracting(file -> file.getFileName().toString())
        .containsExactly("configuration.toml", "10-less.toml", "20-more.toml");
  }

  @Test
  void read_dropIns_areBesideTheResolvedFile() throws IOException {
    files.main("").dropIn("a.toml", "[runtime]\nenable_debug = true\n");
    Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
    Path link = Files.createSymbolicLink(elsewhere.resolve("kata.toml"), files.file());

    assertThat(KataConfiguration.read(link).runtime().enableDebug()).isTrue();
    assertThat(
            KataConfiguration.reader()
                .file(link)
                .dropInDirectories()
                .read()
                .runtime()
                .enableDebug())
        .isFalse();
  }

  @Test
  void read_unknownNames_areWarningsWithTheNearestKnown() throws IOException {
    KataConfiguration configuration =
        files
            .main(
                """
                [hypervisor.qemu]
                defualt_memory = 512
                extra_monitor_sockets = "hmp"
                something_else_entirely = 1

                [hypervisor.qmeu]
                path = "x"

                [runtime]
                [runtme]
                enable_debug = true

                [proxy.kata]
                path = "x"
                """)
            .read();

    assertThat(configuration.warnings())
        .extracting(ConfigurationProblem::toString)
        .containsExactly(
            files.file()
                + ":2:1: hypervisor.qemu.defualt_memory is unknown and ignored; did you mean"
                + " default_memory",
            files.file()
                + ":3:1: hypervisor.qemu.extra_monitor_sockets is unknown and ignored; did you mean"
                + " extra_monitor_socket",
            files.file() + ":4:1: hypervisor.qemu.something_else_entirely is unknown and ignored",
            files.file()
                + ":6:1: hypervisor.qmeu is an unknown table and ignored; did you mean"
                + " hypervisor.qemu",
            files.file() + ":10:1: runtme is an unknown table and ignored; did you mean runtime",
            files.file()
                + ":13:1: proxy is an unknown table and ignored; gone since Kata 2.0, which has no proxy");
    assertThat(configuration.settings()).isEmpty();
  }

  @Test
  void read_manyProblems_areToldAtOnceInOrder() throws IOException {
    files
        .main("[hypervisor.qemu]\ndefault_vcpus = \"two\"\npcie_root_port = 17\nnonsense = 1\n")
        .dropIn("10.toml", "[runtime]\ninternetworking_model = \"bridge\"\n");

    ConfigurationException failure =
        catchThrowableOfType(ConfigurationException.class, files::read);

    assertThat(failure.errors()).hasSize(3);
    assertThat(failure.problems())
        .extracting(problem -> problem.origin().line())
        .containsExactly(2, 3, 4, 2);
    assertThat(failure).hasMessageStartingWith("the configuration has 3 errors:\n");
    assertThat(failure.problems().get(1))
        .isEqualTo(
            ConfigurationProblem.error(
                Origin.file(files.file(), 3, 1),
                "hypervisor.qemu.pcie_root_port",
                "has a value that is not allowed",
                "17",
                "an integer from 0 to 16"));
  }

  @Test
  void read_endlessProblems_tellsTheFirst() throws IOException {
    files.main("[hypervisor.qemu]\nenable_annotations = [" + "1, ".repeat(5000) + "]\n");

    ConfigurationException failure =
        catchThrowableOfType(ConfigurationException.class, files::read);

    assertThat(failure.errors()).hasSize(101);
    assertThat(failure).hasMessageContaining("has 4900 more problems");
  }

  @Test
  void read_device_isRefusedWithoutBeingOpened() {
    assertThat(
            catchThrowableOfType(
                ConfigurationException.class, () -> KataConfiguration.read(Path.of("/dev/zero"))))
        .hasMessage("/dev/zero: is not a regular file; allowed: a TOML file");
  }

  @Test
  void read_noFileNamed_isFoundByVariableThenOnTheSearchPath() throws IOException {
    files.main("[runtime]\nenable_debug = true\n");
    Path other = Files.writeString(directory.resolve("other.toml"), "");
    ConfigurationReader reader =
        KataConfiguration.reader()
            .searchPath(List.of(directory.resolve("absent.toml"), other, files.file()))
            .environment(Map.of());

    assertThat(reader.read().files()).containsExactly(other);
    assertThat(
            reader
                .environment(Map.of(ConfigurationReader.FILE_VARIABLE, files.file().toString()))
                .read()
                .files())
        .containsExactly(files.file());
    ConfigurationException failure =
        catchThrowableOfType(
            ConfigurationException.class,
            () ->
                KataConfiguration.reader()
                    .searchPath(List.of(directory.resolve("absent.toml")))
                    .environment(Map.of())
                    .read());
    assertThat(failure).hasMessageContaining("KATA_CONF_FILE").hasMessageContaining("absent.toml");
  }

  @Test
  void files_areThoseThatWouldBeRead() throws IOException {
    ConfigurationReader reader =
        KataConfiguration.reader()
            .searchPath(List.of(directory.resolve("absent.toml"), files.file()))
            .environment(Map.of());
    assertThat(reader.files()).isEmpty();

    files.main("default_memory = broken");
    Path dropIn = directory.resolve("config.d").resolve("10.toml");
    Files.createDirectories(dropIn.getParent());
    Files.writeString(dropIn, "");

    assertThat(reader.files()).containsExactly(files.file(), dropIn);
    Path named = directory.resolve("named").resolve("absent.toml");
    assertThat(reader.file(named).files()).containsExactly(named);
  }

  @Test
  void read_severalHypervisors_qemuCountsUnlessAnotherIsNamed() throws IOException {
    String both = "[hypervisor.clh]\ndefault_memory = 512\n[hypervisor.qemu]\n";

    KataConfiguration configuration = files.main(both).read();
    assertThat(configuration.hypervisorName()).isEqualTo("qemu");
    assertThat(configuration.warnings())
        .singleElement()
        .asString()
        .contains("hypervisor.clh is ignored: [hypervisor.qemu] is used");

    KataConfiguration other = files.main(both + "[runtime]\nhypervisor_name = \"clh\"\n").read();
    assertThat(other.hypervisorName()).isEqualTo("clh");
    assertThat(other.plan().obstacles()).singleElement().asString().contains("[hypervisor.clh]");
  }

  @Test
  void section_ofEveryHypervisor_hasEveryAccessor() {
    KataConfiguration configuration = KataConfiguration.builder().build();
    for (String name : io.katajava.config.internal.HypervisorNames.ALL) {
      HypervisorSection section = configuration.hypervisor(name);
      assertThat(section.path()).isEmpty();
      assertThat(section.kernel()).isEmpty();
      assertThat(section.image()).isEmpty();
      assertThat(section.initrd()).isEmpty();
      assertThat(section.firmware()).isEmpty();
      assertThat(section.machineType()).isEmpty();
      assertThat(section.kernelParameters()).isEmpty();
      assertThat(section.extraMonitorSocket()).isEmpty();
      assertThat(section.memorySlots()).isEqualTo(HypervisorSection.DEFAULT_MEMORY_SLOTS);
      assertThat(section.defaultMaxMemory()).isEmpty();
      assertThat(section.defaultMaxVcpus()).isZero();
      assertThat(section.confidentialGuest()).isFalse();
      assertThat(section.enableAnnotations()).isEmpty();
    }
  }

  @Test
  void builder_checksValuesWhenTheyAreSet() {
    KataConfiguration.Builder builder = KataConfiguration.builder();

    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.set("hypervisor.qemu", "extra_monitor_socket", "telnet"))
        .withMessageContaining("hmp, qmp, qmp-pretty");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.set("hypervisor.qemu", "nonsense", 1))
        .withMessageContaining("nonsense");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.set("runtime", "enable_debug", "yes"));
    KataConfiguration configuration =
        builder
            .set("hypervisor.qemu", "default_vcpus", 2)
            .set("runtime", "log_level", "warn")
            .build();
    assertThat(configuration.hypervisor().defaultVcpus()).isEqualTo(2);
    assertThat(configuration.toBuilder().unset("runtime", "log_level").build().runtime().settings())
        .isEmpty();
  }

  @Test
  void section_askedForWhatItDoesNotHave_refuses() {
    HypervisorSection qemu = KataConfiguration.builder().build().hypervisor();

    assertThatIllegalArgumentException().isThrownBy(() -> qemu.string("nonsense"));
    assertThatIllegalArgumentException().isThrownBy(() -> qemu.string("default_memory"));
  }
}
