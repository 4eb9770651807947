package io.katajava.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A section that nothing reads must not turn into a machine that nobody asked for. */
class LostSectionsTest {
  @TempDir Path directory;
  private ConfigurationDirectory files;

  @BeforeEach
  void makeFiles() {
    files = new ConfigurationDirectory(directory);
  }

  private List<String> problems() {
    try {
      return files.reader().checkFiles(false).read().warnings().stream()
          .map(ConfigurationProblem::toString)
          .toList();
    } catch (ConfigurationException e) {
      return e.problems().stream().map(problem -> "E " + problem).toList();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"QEMU", "qmeu", "acrn", "Clh", "\"qemu \"", "\"\"", "kvm", "qemu2"})
  void hypervisor_onlySectionIsUnknown_isAnErrorWithItsPlace(String name) throws IOException {
    files.main("[hypervisor." + name + "]\nconfidential_guest = true\n[runtime]\n");

    assertThatThrownBy(() -> files.reader().checkFiles(false).read())
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining(files.file() + ":1:1")
        .hasMessageContaining("is an unknown table");
  }

  @Test
  void hypervisor_unknownSectionInADropInOfAnEmptyFile_isAnError() throws IOException {
    files.main("[runtime]\n").dropIn("50.toml", "[hypervisor.qmeu]\nconfidential_guest = true\n");

    assertThat(problems()).singleElement().asString().contains("did you mean hypervisor.qemu");
  }

  @Test
  void hypervisor_misspeltBesideTheRightOne_isAWarningButInAnotherCaseAnError() throws IOException {
    files.main("[hypervisor.qemu]\n[hypervisor.acrn]\npath = \"x\"\n");
    assertThat(problems())
        .singleElement()
        .asString()
        .contains("is an unknown table and ignored; gone since Kata 3.10");

    files.main("[hypervisor.qemu]\n[hypervisor.Qemu]\nconfidential_guest = true\n");
    assertThat(problems())
        .singleElement()
        .asString()
        .startsWith("E ")
        .contains("names have their case, and this is hypervisor.qemu");
  }

  @ParameterizedTest
  @CsvSource({
    "[hypervisr.qemu],hypervisor",
    "[Hypervisor.qemu],hypervisor",
    "[runtme],runtime",
    "[RUNTIME],runtime",
    "[agent.kat],agent.kata",
    "[agent.Kata],agent.kata",
    "[Agent.kata],agent",
    "[factroy],factory"
  })
  void section_misspeltAndNowhereElse_isAnErrorWithTheRightName(String header, String right)
      throws IOException {
    files.main(header + "\nenable_debug = true\n");

    assertThat(problems()).singleElement().asString().startsWith("E ").contains(right);
  }

  @Test
  void key_inAnotherCase_isAnError() throws IOException {
    files.main("[hypervisor.qemu]\nConfidential_Guest = true\n");

    assertThat(problems())
        .singleElement()
        .asString()
        .startsWith("E ")
        .contains("names have their case")
        .contains("confidential_guest");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[hypervisor.qemu]\nenable_debug = true\n[hypervisor.qemu]\nenable_debug = false\n",
        "[hypervisor.qemu]\nenable_debug = true\nenable_debug = false\n",
        "[hypervisor.qemu]\nenable_debug = true\n\"enable_debug\" = false\n",
        "[hypervisor]\nqemu.enable_debug = true\n[hypervisor.qemu]\nenable_debug = false\n",
        "[hypervisor.clh]\npath=\"/a\"\n[hypervisor.cloud-hypervisor]\npath=\"/b\"\n"
      })
  void key_givenTwice_isAnError(String toml) throws IOException {
    files.main(toml);

    assertThat(problems()).isNotEmpty().allMatch(problem -> problem.startsWith("E "));
  }

  @Test
  void cloudHypervisor_asOlderRuntimesCallIt_isItsSectionOfToday() throws IOException {
    files.main(
        """
        [hypervisor.cloud-hypervisor]
        path = "/usr/bin/cloud-hypervisor"
        [runtime]
        hypervisor_name = "cloud-hypervisor"
        """);

    KataConfiguration configuration = files.reader().checkFiles(false).read();
    assertThat(configuration.warnings()).isEmpty();
    assertThat(configuration.hypervisorName()).isEqualTo("clh");
    assertThat(configuration.hypervisor().string("path")).hasValue("/usr/bin/cloud-hypervisor");
    assertThat(configuration.plan().obstacles()).isNotEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[hypervisor.qemu]|enable_swap = true|gone since Kata 2.4",
        "[hypervisor.qemu]|file_mem_backend = \"\"|gone since Kata 3.32",
        "[hypervisor.qemu]|hotplug_vfio_on_root_bus = true|4.0; hot_plug_vfio and cold_plug_vfio",
        "[hypervisor.qemu]|enable_balloon_f_reporting = true|reclaim_guest_freed_memory",
        "[agent.kata]|trace_mode = \"dynamic\"|2.3; enable_tracing is in its place",
        "[runtime]|static_resource_mgmt = true|static_sandbox_resource_mgmt is in its place",
        "[netmon]|path = \"x\"|gone since Kata 2.4",
        "[proxy.kata]|path = \"x\"|gone since Kata 2.0",
        "[image]|service_offload = true|experimental_force_guest_pull"
      })
  void name_thatKataRemoved_saysSinceWhenAndWhatReplacesIt(
      String header, String line, String expected) throws IOException {
    files.main(header + "\n" + line + "\n");

    assertThat(problems())
        .singleElement()
        .asString()
        .doesNotStartWith("E ")
        .contains("ignored; gone since Kata")
        .contains(expected);
  }

  @Test
  void jaegerEndpoint_withCredentials_isNotShown() throws IOException {
    files.main("[runtime]\njaeger_endpoint = \"http://user:hush@jaeger.test:14268/api\"\n");
    KataConfiguration configuration = files.read();

    assertThat(configuration.toString()).doesNotContain("hush").contains("http://***@jaeger.test");
    assertThat(configuration.setting("runtime", "jaeger_endpoint").orElseThrow().text())
        .isEqualTo("\"http://***@jaeger.test:14268/api\"");
    assertThat(configuration.toToml()).contains("hush");

    files.main("[runtime]\njaeger_password = [\"hush\"]\njaeger_user = 5\n");
    assertThat(problems()).hasSize(2).noneMatch(problem -> problem.contains("hush"));
    files.main("[runtime]\njaeger_password = 12345\n");
    assertThat(problems()).singleElement().asString().doesNotContain("12345");
  }

  @Test
  void range_thatIsLeft_isNamedWithBothBounds() throws IOException {
    files.main("[hypervisor.qemu]\ndefault_memory = 99999999999\n");

    assertThat(problems()).singleElement().asString().contains("from 96 to 67108864");
  }
}
