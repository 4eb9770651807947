package io.katajava.qemu.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.HostFact;
import io.katajava.HostFinding;
import io.katajava.HostFinding.Status;
import io.katajava.KataDirectories;
import io.katajava.MemorySize;
import io.katajava.qemu.Accelerator;
import io.katajava.qemu.ExtraMonitor;
import io.katajava.qemu.MachineType;
import io.katajava.qemu.QemuConfig;
import io.katajava.qemu.QemuHostProbe;
import io.katajava.spi.HostView;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** On a host in a directory: nothing of it is run. */
class QemuHostProbeTest {
  @TempDir Path root;

  @BeforeEach
  void makeHost() throws IOException {
    program("/usr/bin/setpriv");
    program("/usr/lib/qemu/virtiofsd");
    file("/proc/cpuinfo", "vendor_id\t: AuthenticAMD\nflags\t\t: lm svm\n");
    file("/dev/kvm", "");
  }

  private void file(String path, String text) throws IOException {
    Path file = root.resolve(path.substring(1));
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private void program(String path) throws IOException {
    file(path, "#!/bin/false\n");
    Files.setPosixFilePermissions(
        root.resolve(path.substring(1)), PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private HostView host(String architecture) {
    return new HostView(
        root,
        architecture,
        Map.of("PATH", "/usr/bin:relative"),
        new KataDirectories(root.resolve("run"), root.resolve("cache")),
        false);
  }

  private List<HostFinding> check(QemuConfig config, String architecture)
      throws InterruptedException {
    return new QemuHostProbe(config).check(host(architecture));
  }

  private HostFinding find(String name) throws InterruptedException {
    return find(check(QemuConfig.builder().build(), "x86_64"), name);
  }

  private static HostFinding find(List<HostFinding> findings, String name) {
    return findings.stream().filter(f -> f.name().equals(name)).findFirst().orElseThrow();
  }

  @ParameterizedTest
  @CsvSource({
    "x86_64, q35",
    "aarch64, virt",
    "ppc64, pseries",
    "s390x, s390-ccw-virtio",
    "riscv64, virt"
  })
  void binary_isThatOfTheArchitecture(String architecture, String machine) throws Exception {
    program("/usr/bin/qemu-system-" + architecture);

    List<HostFinding> findings = check(QemuConfig.builder().build(), architecture);

    assertThat(find(findings, "binary").status()).isEqualTo(Status.PASSED);
    assertThat(new QemuHostProbe().facts(host(architecture)))
        .contains(new HostFact("Hypervisor", "MachineType", machine));
  }

  @Test
  void binary_missing_failsAndNamesThePackage() throws Exception {
    HostFinding found = find("binary");

    assertThat(found.status()).isEqualTo(Status.FAILED);
    assertThat(found.reason()).contains("qemu-system-x86_64");
    assertThat(found.remedy()).hasValueSatisfying(t -> assertThat(t).contains("qemu-system-x86"));
  }

  @Test
  void binary_configuredButMissing_failsAndNamesIt() throws Exception {
    Path wanted = root.resolve("no/such/qemu");

    HostFinding found =
        find(check(QemuConfig.builder().binary(wanted).build(), "x86_64"), "binary");

    assertThat(found.status()).isEqualTo(Status.FAILED);
    assertThat(found.reason()).contains(wanted.toString());
  }

  @Test
  void binary_onUnknownArchitecture_failsWithoutThrowing() throws Exception {
    assertThat(find(check(QemuConfig.builder().build(), "vax"), "binary").status())
        .isEqualTo(Status.FAILED);
  }

  @Test
  void deathTie_missing_fails() throws Exception {
    Files.delete(root.resolve("usr/bin/setpriv"));

    assertThat(find("death-tie").status()).isEqualTo(Status.FAILED);
  }

  @Test
  void virtiofsd_isFoundInTheUsualPlaces_andMissedOtherwise() throws Exception {
    assertThat(find("virtiofsd").status()).isEqualTo(Status.PASSED);

    Files.delete(root.resolve("usr/lib/qemu/virtiofsd"));
    assertThat(find("virtiofsd").status()).isEqualTo(Status.WARNED);
  }

  @Test
  void accelerator_kvm_passes_andTcg_warnsWithTheReason() throws Exception {
    assertThat(find("accelerator").reason()).startsWith("kvm");

    file("/proc/cpuinfo", "flags\t\t: lm\n");
    HostFinding tcg = find("accelerator");
    assertThat(tcg.status()).isEqualTo(Status.WARNED);
    assertThat(tcg.reason()).contains("neither vmx nor svm");
  }

  @Test
  void accelerator_asked_isTaken() throws Exception {
    QemuConfig config = QemuConfig.builder().accelerator(Accelerator.TCG).build();

    assertThat(find(check(config, "x86_64"), "accelerator").reason()).contains("asked for");
  }

  @ParameterizedTest
  @CsvSource({
    "7.2.22, PASSED",
    "10.0.3, PASSED",
    "7.1.0, WARNED",
    "6.2.0, WARNED",
    "unknown, WARNED",
    "99999999999.1, WARNED"
  })
  void version_isComparedWithTheOldestTried(String version, Status status) {
    assertThat(QemuChecks.version(version).status()).isEqualTo(status);
  }

  @Test
  void machine_missing_failsAndNamesTheOthers() {
    HostFinding found =
        QemuChecks.machine(
            MachineType.Q35,
            new QemuCapabilities("8.0", "", true, List.of("microvm", "none"), Optional.empty()));

    assertThat(found.status()).isEqualTo(Status.FAILED);
    assertThat(found.reason()).contains("q35").contains("also microvm");
  }

  @Test
  void facts_followTheConfiguration() throws Exception {
    QemuConfig config =
        QemuConfig.builder()
            .machine(MachineType.MICROVM)
            .vcpus(3)
            .memory(MemorySize.mebibytes(512))
            .debug(debug -> debug.extraMonitor(ExtraMonitor.QMP))
            .build();

    List<HostFact> facts = new QemuHostProbe(config).facts(host("x86_64"));

    assertThat(facts)
        .contains(
            new HostFact("Hypervisor", "MachineType", "microvm"),
            new HostFact("Hypervisor", "Debug", true),
            new HostFact("Hypervisor", "DefaultVCPUs", 3L),
            new HostFact("Hypervisor", "DefaultMemory", 512L),
            new HostFact("Hypervisor", "Path", HostFact.UNKNOWN),
            new HostFact("Hypervisor", "Accelerator", "kvm"));
    Optional<HostFact> rootless =
        facts.stream().filter(fact -> fact.name().equals("Rootless")).findFirst();
    assertThat(rootless)
        .hasValueSatisfying(
            fact -> assertThat(fact.section()).isEqualTo("Hypervisor.SecurityInfo"));
  }
}
