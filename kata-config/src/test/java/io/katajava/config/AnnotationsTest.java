package io.katajava.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AnnotationsTest {
  private static final String PREFIX = "io.katacontainers.config.";

  @TempDir Path directory;
  private ConfigurationDirectory files;

  @BeforeEach
  void makeDirectory() {
    files = new ConfigurationDirectory(directory);
  }

  private ConfigurationReader enabling(String... expressions) throws IOException {
    return files
        .main("[hypervisor.qemu]\nenable_annotations = " + TomlText.of(List.of(expressions)) + "\n")
        .reader();
  }

  private static String errorOf(ConfigurationReader reader) {
    ConfigurationException failure =
        catchThrowableOfType(ConfigurationException.class, reader::read);
    assertThat(failure).isNotNull();
    return String.valueOf(failure.getMessage());
  }

  @Test
  void annotation_enabled_counts() throws IOException {
    KataConfiguration configuration =
        enabling("default_memory", "^default_max")
            .annotation(PREFIX + "hypervisor.default_memory", "1024")
            .annotation(PREFIX + "hypervisor.default_max_vcpus", "4")
            .annotation("example.org/other", "x")
            .read();

    Setting memory = configuration.setting("hypervisor.qemu", "default_memory").orElseThrow();
    assertThat(memory.value()).isEqualTo(1024L);
    assertThat(memory.origin().kind()).isEqualTo(Origin.Kind.ANNOTATION);
    assertThat(configuration.hypervisor().defaultMaxVcpus()).isEqualTo(4);
    assertThat(configuration.warnings()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"default_memory,true", "memory,true", "^memory,false", "memory$,true", ".*,true"})
  void expressions_areSearchedForNotAnchored(String expression, boolean enabled)
      throws IOException {
    ConfigurationReader reader =
        enabling(expression).annotation(PREFIX + "hypervisor.default_memory", "1024");

    if (enabled) {
      assertThat(reader.read().hypervisor().defaultMemory().toMebibytes()).isEqualTo(1024);
    } else {
      assertThat(errorOf(reader)).contains("is not enabled by hypervisor.qemu.enable_annotations");
    }
  }

  @Test
  void annotationsOfAgentAndRuntime_countAlways() throws IOException {
    KataConfiguration configuration =
        files
            .main("")
            .reader()
            .annotation(PREFIX + "agent.enable_tracing", "true")
            .annotation(PREFIX + "agent.kernel_modules", "ice speed=9; loop ")
            .annotation(PREFIX + "runtime.internetworking_model", "none")
            .annotation(PREFIX + "runtime.create_container_timeout", "90")
            .annotation(PREFIX + "runtime.disable_new_netns", "1")
            .read();

    assertThat(configuration.agent().kernelParameters()).containsExactly("agent.trace=true");
    assertThat(configuration.agent().strings("kernel_modules"))
        .containsExactly("ice speed=9", "loop");
    assertThat(configuration.runtime().string("internetworking_model")).hasValue("none");
    assertThat(configuration.setting("runtime", "create_container_timeout").orElseThrow().key())
        .isEqualTo(ConfigurationKeys.find("runtime", "create_container_timeout").orElseThrow());
  }

  @Test
  void kernelParameters_replaceThoseOfTheSameName() throws IOException {
    KataConfiguration configuration =
        files
            .main(
                """
                [hypervisor.qemu]
                kernel_params = "quiet loglevel=3 a=1"
                enable_annotations = ["kernel_params"]
                """)
            .reader()
            .annotation(PREFIX + "hypervisor.kernel_params", "loglevel=7 b")
            .read();

    assertThat(configuration.hypervisor().kernelParameters())
        .containsExactly("quiet", "a=1", "loglevel=7", "b");
  }

  @Test
  void daemonArguments_areAddedFromJson() throws IOException {
    ConfigurationReader reader =
        files
            .main(
                "[hypervisor.qemu]\nvirtio_fs_extra_args = [\"-a\"]\nenable_annotations = [\".*\"]\n")
            .reader();

    assertThat(
            reader
                .annotation(PREFIX + "hypervisor.virtio_fs_extra_args", "[\"-o\", \"x=y\"]")
                .read()
                .hypervisor()
                .strings("virtio_fs_extra_args"))
        .containsExactly("-a", "-o", "x=y");
    assertThat(
            errorOf(
                reader.annotation(
                    PREFIX + "hypervisor.virtio_fs_extra_args",
                    "[]\n[hypervisor.qemu]\nenable_debug = true")))
        .contains("is of the wrong type");
  }

  @Test
  void paths_mustBeAmongWhatThePatternsExpandTo() throws IOException {
    Path qemu = directory.resolve("qemu-9");
    Files.writeString(qemu, "x");
    assertThat(qemu.toFile().setExecutable(true)).isTrue();
    ConfigurationReader reader =
        files
            .main(
                "[hypervisor.qemu]\nenable_annotations = [\"path\"]\nvalid_hypervisor_paths = [\""
                    + directory
                    + "/qemu-*\"]\n")
            .reader();
    String name = PREFIX + "hypervisor.path";

    assertThat(reader.annotation(name, qemu.toString()).read().hypervisor().path()).hasValue(qemu);
    for (String path :
        List.of(
            "/bin/sh",
            directory + "/qemu-absent",
            directory + "/./qemu-9",
            directory + "//qemu-9",
            directory + "/qemu-9/../qemu-9",
            "qemu-9",
            "")) {
      assertThat(errorOf(reader.annotation(name, path)))
          .as(path)
          .contains("valid_hypervisor_paths does not allow");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "default_vcpus,100000,more vCPUs than the host",
    "default_memory,lots,is of the wrong type",
    "default_memory,16,is not allowed",
    "default_memory,99999999999999999999,is of the wrong type",
    "enable_iommu,yes,is of the wrong type",
    "indep_iothreads,51,an integer from 1 to 50",
    "shared_fs,none,'virtio-fs, virtio-9p'",
    "pcie_root_port,17,an integer from 0 to 16",
    "default_vcpus,NaN,is of the wrong type"
  })
  void values_areChecked(String key, String value, String message) throws IOException {
    assertThat(errorOf(enabling(".*").annotation(PREFIX + "hypervisor." + key, value)))
        .startsWith(PREFIX + "hypervisor." + key + ": ")
        .contains(message);
  }

  @ParameterizedTest
  @CsvSource({
    "2048,2048",
    "2Gi,2048",
    "2GiB,2048",
    "512Mi,512",
    "1.5Gi,1536",
    "2G,1907",
    "600 MB,572",
    "524288Ki,512",
    "1tib,1048576"
  })
  void memory_withAUnit_isMebibytes(String value, long expected) throws IOException {
    assertThat(
            enabling(".*")
                .annotation(PREFIX + "hypervisor.default_memory", value)
                .read()
                .hypervisor()
                .integer("default_memory"))
        .hasValue(expected);
  }

  @Test
  void otherNumbers_withAUnit_areRefusedWithTheirs() throws IOException {
    assertThat(
            errorOf(enabling(".*").annotation(PREFIX + "hypervisor.virtio_fs_cache_size", "1GiB")))
        .contains("takes a number without a unit")
        .contains("1GiB")
        .contains("(MiB)");
  }

  @Test
  void unknownAnnotations_areWarnings() throws IOException {
    KataConfiguration configuration =
        enabling(".*")
            .annotation(PREFIX + "hypervisor.default_memori", "1024")
            .annotation(PREFIX + "runtime.nonsense_of_mine", "1")
            .annotation("io.katacontainers.config_path", "/tmp/mine.toml")
            .read();

    assertThat(configuration.warnings())
        .extracting(ConfigurationProblem::toString)
        .containsExactlyInAnyOrder(
            PREFIX
                + "hypervisor.default_memori: is unknown and ignored; did you mean "
                + PREFIX
                + "hypervisor.default_memory",
            PREFIX + "runtime.nonsense_of_mine: is unknown and ignored",
            "io.katacontainers.config_path: is not followed: the program that starts the sandbox"
                + " chooses the file");
  }

  @ParameterizedTest
  @ValueSource(strings = {"right", "wrong"})
  void hash_mustBeThatOfTheFile(String which) throws IOException {
    Path kernel = Files.writeString(directory.resolve("kernel"), "abc");
    Path initrd = Files.writeString(directory.resolve("initrd"), "x");
    String right =
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";
    ConfigurationReader reader =
        files
            .main(
                "[hypervisor.qemu]\nkernel = \""
                    + kernel
                    + "\"\ninitrd = \""
                    + initrd
                    + "\"\nenable_annotations = [\"kernel_hash\"]\n")
            .reader();

    if (which.equals("right")) {
      reader.annotation(PREFIX + "hypervisor.kernel_hash", right).read();
    } else {
      assertThat(errorOf(reader.annotation(PREFIX + "hypervisor.kernel_hash", "00")))
          .contains("is not the SHA-512 of " + kernel);
    }
  }
}
