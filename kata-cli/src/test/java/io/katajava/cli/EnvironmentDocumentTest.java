package io.katajava.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.HostEnvironment;
import io.katajava.HostFact;
import io.katajava.MemorySize;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class EnvironmentDocumentTest {
  /** What Kata's own report has, by section. */
  private static final String FIELDS =
      """
      Kernel Path Parameters
      Meta Version
      Image Path
      Initrd Path
      Hypervisor MachineType Version Path BlockDeviceDriver EntropySource SharedFS VirtioFSDaemon \
      SocketPath Msize9p MemorySlots HotPlugVFIO ColdPlugVFIO PCIeRootPort PCIeSwitchPort Debug
      Hypervisor.SecurityInfo Rootless DisableSeccomp GuestHookPath EnableAnnotations \
      ConfidentialGuest
      Runtime Path GuestSeLinuxLabel Experimental Debug Trace DisableGuestSeccomp DisableNewNetNs \
      SandboxCgroupOnly
      Runtime.Config Path
      Runtime.Version OCI
      Runtime.Version.Version Semver Commit Major Minor Patch
      Host Kernel Architecture VMContainerCapable SupportVSocks AvailableGuestProtections
      Host.Distro Name Version
      Host.CPU Vendor Model CPUs
      Host.Memory Total Free Available
      Agent Debug Trace
      """;

  private static HostEnvironment environment(HostFact... facts) {
    return new HostEnvironment(
        "6.1.0",
        "x86_64",
        new HostEnvironment.Distribution("Debian \"12\"\t", "12"),
        new HostEnvironment.Cpu("GenuineIntel", "Xeon", 4),
        new HostEnvironment.Memory(
            MemorySize.kibibytes(1000), MemorySize.kibibytes(100), MemorySize.kibibytes(500)),
        true,
        false,
        List.of("tdx"),
        List.of(facts));
  }

  @Test
  void report_hasEveryFieldOfKatas() {
    String toml = new EnvironmentDocument(io.katajava.Host.environment(), "1.2.3").toml();

    for (String line : FIELDS.split("\n", -1)) {
      if (line.isBlank()) {
        continue;
      }
      String[] words = line.strip().split(" +", -1);
      String section = section(toml, words[0]);
      for (String field : Arrays.asList(words).subList(1, words.length)) {
        assertThat(section).as("[%s] %s", words[0], field).contains("\n" + field + " = ");
      }
    }
  }

  private static String section(String toml, String name) {
    int begin = ("\n" + toml).indexOf("\n[" + name + "]\n");
    assertThat(begin).as("section %s", name).isNotNegative();
    int end = toml.indexOf("\n[", begin + 1);
    return toml.substring(begin, end < 0 ? toml.length() : end + 1);
  }

  @Test
  void toml_stringsAreEscaped_andNumbersAndListsPlain() {
    String toml =
        new EnvironmentDocument(
                environment(
                    new HostFact("Hypervisor", "Path", "/a\\b"),
                    new HostFact("Runtime.Config", "Path", "/etc/kata/configuration.toml")),
                "1.2.3-SNAPSHOT")
            .toml();

    assertThat(toml)
        .contains(
            "Name = \"Debian \\\"12\\\"\\u0009\"",
            "Path = \"/a\\\\b\"",
            "CPUs = 4",
            "Total = 1000",
            "VMContainerCapable = true",
            "AvailableGuestProtections = [\"tdx\"]",
            "[Runtime.Config]\nPath = \"/etc/kata/configuration.toml\"",
            "Major = 1\nMinor = 2\nPatch = 3\n");
  }

  @Test
  void json_nestsSections() {
    String json = Json.pretty(new EnvironmentDocument(environment(), "1.2.3").json());

    assertThat(json)
        .startsWith("{\n  \"Kernel\": {")
        .contains("  \"Host\": {\n    \"Kernel\": \"6.1.0\"", "    \"CPU\": {\n      \"Vendor\"")
        .contains("\"Version\": {\n      \"OCI\": \"1.2.0\",\n      \"Version\": {");
  }
}
