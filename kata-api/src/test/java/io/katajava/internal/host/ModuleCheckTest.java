package io.katajava.internal.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.HostFinding;
import io.katajava.HostFinding.Status;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModuleCheckTest {
  private static final String LIB = "/lib/modules/" + HostTree.RELEASE;

  @TempDir Path root;

  private HostTree intel() {
    return new HostTree(root, "x86_64").cpu(HostTree.INTEL);
  }

  private static Optional<HostFinding> find(HostTree tree, String name) {
    return ModuleCheck.run(tree.view()).stream().filter(f -> f.name().equals(name)).findFirst();
  }

  @ParameterizedTest
  @CsvSource({
    "x86_64, kvm kvm_intel vhost vhost_net vhost_vsock",
    "aarch64, kvm vhost vhost_net vhost_vsock",
    "riscv64, kvm vhost vhost_net vhost_vsock",
    "ppc64, kvm kvm_hv vhost_vsock",
    "s390x, kvm vhost_vsock"
  })
  void architecture_asksForItsModules(String architecture, String modules) {
    HostTree tree = new HostTree(root, architecture).cpu(HostTree.INTEL);
    List<String> wanted = List.of(modules.split(" ", -1));
    tree.modules(wanted.toArray(new String[0]));

    List<HostFinding> findings = ModuleCheck.run(tree.view());

    assertThat(findings).extracting(HostFinding::name).containsExactlyElementsOf(wanted);
    assertThat(findings).allMatch(finding -> finding.status() == Status.PASSED);
  }

  @Test
  void amd_asksForItsOwnModule() {
    HostTree tree = intel().cpu(HostTree.INTEL.replace("GenuineIntel", "AuthenticAMD"));

    assertThat(find(tree, "kvm_amd")).isPresent();
    assertThat(find(tree, "kvm_intel")).isEmpty();
  }

  @Test
  void module_builtIn_passes() {
    HostTree tree = intel().file(LIB + "/modules.builtin", "kernel/virt/kvm.ko\n");

    assertThat(find(tree, "kvm").orElseThrow().reason()).contains("built into");
  }

  @Test
  void module_thatCouldBeLoaded_saysHow() {
    HostTree tree =
        intel()
            .file(LIB + "/modules.dep", "kernel/arch/x86/kvm/kvm-intel.ko.xz: kernel/kvm.ko.xz\n");

    HostFinding found = find(tree, "kvm_intel").orElseThrow();

    assertThat(found.status()).isEqualTo(Status.WARNED);
    assertThat(found.remedy()).hasValue("Run as root: modprobe kvm_intel");
  }

  @Test
  void module_onlyNamedAsAnothersNeed_isNotTakenForThere() {
    HostTree tree = intel().file(LIB + "/modules.dep", "kernel/other.ko: kernel/vhost.ko\n");

    assertThat(find(tree, "vhost").orElseThrow().reason()).contains("does not have it");
  }

  @Test
  void module_missing_saysWhatThatMeans() {
    HostFinding found = find(intel(), "vhost_vsock").orElseThrow();

    assertThat(found.status()).isEqualTo(Status.WARNED);
    assertThat(found.reason()).contains(HostTree.RELEASE, "vhost-user-vsock");
  }

  @ParameterizedTest
  @CsvSource({"Y, PASSED", "1, PASSED", "N, WARNED", "0, WARNED"})
  void unrestrictedGuest_onBareMetal_shouldBeOn(String value, Status status) {
    HostTree tree =
        intel().file("/sys/module/kvm_intel/parameters/unrestricted_guest", value + "\n");

    assertThat(find(tree, "kvm_intel.unrestricted_guest").orElseThrow().status()).isEqualTo(status);
  }

  @Test
  void unrestrictedGuest_inAGuest_doesNotMatter() {
    HostTree tree =
        intel()
            .cpu(HostTree.INTEL.replace("sse4_2", "hypervisor"))
            .file("/sys/module/kvm_intel/parameters/unrestricted_guest", "N\n");

    assertThat(find(tree, "kvm_intel.unrestricted_guest")).isEmpty();
  }

  @Test
  void clockSync_off_warns() {
    HostTree tree = intel().file("/sys/module/kvm/parameters/kvmclock_periodic_sync", "N\n");

    assertThat(find(tree, "kvm.kvmclock_periodic_sync").orElseThrow().status())
        .isEqualTo(Status.WARNED);
  }
}
