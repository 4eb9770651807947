package io.katajava.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterProperty;
import net.jqwik.api.lifecycle.BeforeProperty;

/** Whatever is in a file: a configuration, or a {@link ConfigurationException} that says what. */
class ReaderFuzzTest {
  @SuppressWarnings("NullAway.Init") // Set before each property.
  private Path file;

  @BeforeProperty
  void makeFile() throws IOException {
    file = Files.createTempFile("kata-fuzz", ".toml");
  }

  @AfterProperty
  void deleteFile() throws IOException {
    Files.delete(file);
  }

  private void readOrRefuse() {
    try {
      KataConfiguration configuration =
          KataConfiguration.reader().file(file).dropInDirectories().read();
      configuration.plan().ignored();
      assertThat(configuration.toToml()).isNotNull();
    } catch (ConfigurationException e) {
      assertThat(e.errors()).isNotEmpty();
      assertThat(e.problems())
          .allSatisfy(
              problem -> {
                assertThat(problem.toString()).isNotBlank();
                assertThat(problem.origin().place()).isNotBlank();
              });
    }
  }

  @Property(tries = 300)
  void bytes_any(@ForAll @Size(max = 200) byte[] bytes) throws IOException {
    Files.write(file, bytes);
    readOrRefuse();
  }

  @Property(tries = 1000)
  void words_ofTheFormat(@ForAll("words") List<String> words) throws IOException {
    Files.writeString(file, String.join("", words));
    readOrRefuse();
  }

  @Property(tries = 300)
  void goodFile_oneByteChanged(@ForAll int position, @ForAll byte value) throws IOException {
    byte[] bytes =
        KataConfiguration.builder()
            .set("hypervisor.qemu", "default_vcpus", 1.5)
            .set("hypervisor.qemu", "enable_annotations", List.of("kernel_params", "^a"))
            .set("hypervisor.qemu", "kernel_params", "a=\"b c\" d")
            .set("hypervisor.qemu", "extra_monitor_socket", "qmp")
            .set("agent.kata", "kernel_modules", List.of())
            .set("runtime", "experimental", List.of("force_guest_pull"))
            .build()
            .toToml()
            .getBytes(StandardCharsets.UTF_8);
    bytes[Math.floorMod(position, bytes.length)] = value;
    Files.write(file, bytes);
    readOrRefuse();
  }

  @Property(tries = 300)
  void annotations_any(@ForAll("annotationNames") String name, @ForAll String value)
      throws IOException {
    Files.writeString(file, "[hypervisor.qemu]\nenable_annotations = [\".*\"]\n");
    try {
      KataConfiguration configuration =
          KataConfiguration.reader()
              .file(file)
              .dropInDirectories()
              .annotation("io.katacontainers.config." + name, value)
              .read();
      assertThat(configuration.monitorGate().open()).isEmpty();
    } catch (ConfigurationException e) {
      assertThat(e.errors()).isNotEmpty();
    }
  }

  @Provide
  Arbitrary<List<String>> words() {
    return Arbitraries.of(
            "[",
            "]",
            "[[",
            "]]",
            "{",
            "}",
            "=",
            ".",
            ",",
            "\n",
            " ",
            "\"",
            "'",
            "\"\"\"",
            "'''",
            "\\",
            "#",
            "hypervisor",
            "qemu",
            "agent",
            "kata",
            "runtime",
            "factory",
            "[hypervisor.qemu]\n",
            "[agent.kata.mem_agent]\n",
            "[runtime]\n",
            "enable_debug = ",
            "extra_monitor_socket = ",
            "default_vcpus = ",
            "kernel_params = ",
            "guest_extension_images = ",
            "shared_mounts = ",
            "sandbox_bind_mounts = ",
            "kernel = ",
            "image = ",
            "hypervisor_name = ",
            "experimental = ",
            "true",
            "1",
            "-1",
            "1.5",
            "1e400",
            "nan",
            "inf",
            "0x7fffffffffffffff",
            "99999999999999999999",
            "\"qmp\"",
            "\"\"",
            "[]",
            "{}",
            "[{}]",
            "[1, \"a\"]",
            "[\"/a\", \"/b/a\", \"\", \"/\"]",
            "{ name = \"a\" }",
            "1979-05-27T07:32:00Z",
            "07:32:00",
            "\"\\u0000\"",
            "\"\\ud800\"",
            "\u00e9",
            "\uFEFF",
            "\r\n")
        .list()
        .ofMaxSize(25);
  }

  @Provide
  Arbitrary<String> annotationNames() {
    List<String> names =
        ConfigurationKeys.all().stream()
            .flatMap(key -> key.annotation().stream())
            .distinct()
            .toList();
    return Arbitraries.oneOf(
        Arbitraries.of(names),
        Arbitraries.strings().ofMaxLength(30).map(text -> "hypervisor." + text),
        Arbitraries.strings().ofMaxLength(30));
  }
}
