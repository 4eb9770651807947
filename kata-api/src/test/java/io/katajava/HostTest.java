package io.katajava;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.HostFinding.Status;
import io.katajava.HostReport.Verdict;
import io.katajava.internal.host.HostTree;
import io.katajava.spi.HostProbe;
import io.katajava.spi.HostView;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostTest {
  @TempDir Path root;

  /** A probe that answers as told. */
  private record Told(String name, List<HostFinding> findings, List<HostFact> said)
      implements HostProbe {
    @Override
    public List<HostFinding> check(HostView host) {
      return findings;
    }

    @Override
    public List<HostFact> facts(HostView host) {
      return said;
    }
  }

  private HostTree tree() {
    return new HostTree(root, "x86_64")
        .cpu(HostTree.INTEL)
        .modules("kvm", "kvm_intel", "vhost", "vhost_net", "vhost_vsock")
        .programs("mke2fs", "debugfs", "ip", "tc", "nsenter")
        .file("/dev/kvm", "")
        .file("/dev/vhost-vsock", "")
        .file("/dev/vhost-net", "")
        .file("/sys/fs/cgroup/cgroup.controllers", "cpu memory\n")
        .file("/etc/os-release", "NAME=\"Debian GNU/Linux\"\nVERSION_ID='12'\n")
        .file(
            "/proc/meminfo",
            "MemTotal:       8000000 kB\nMemFree:  1000000 kB\nMemAvailable:    4000000 kB\n");
  }

  private HostCheckOptions.Builder options(HostTree tree) {
    return HostCheckOptions.builder()
        .root(tree.root())
        .architecture("amd64")
        .environment(Map.of("PATH", "/usr/bin"))
        .directories(tree.directories());
  }

  private HostReport check(HostProbe... probes) {
    HostCheckOptions.Builder options = options(tree());
    List.of(probes).forEach(options::probe);
    return Host.check(options.build());
  }

  @Test
  void check_goodHost_findsNothingAmissButTheFileSystemOfTheTest() {
    HostReport report = check();

    assertThat(report.broken()).isEmpty();
    assertThat(report.findings())
        .filteredOn(finding -> !finding.name().equals("template-space"))
        .allMatch(finding -> finding.status() == Status.PASSED);
  }

  @Test
  void check_noDevices_makesNone() {
    HostTree bare = new HostTree(root, "x86_64").cpu(HostTree.INTEL).directory("/dev");

    HostReport report = Host.check(options(bare).build());
    Host.environment(options(bare).build());

    assertThat(report.find("device", "vhost-vsock").orElseThrow().status())
        .isEqualTo(Status.WARNED);
    assertThat(root.resolve("dev")).isEmptyDirectory();
  }

  @Test
  void probe_isAskedAndItsFailureDecides() {
    HostReport report =
        check(new Told("x", List.of(HostFinding.failed("x", "y", "no y", "Get one")), List.of()));

    assertThat(report.verdict()).isEqualTo(Verdict.NOT_USABLE);
    assertThat(report.find("x", "y"))
        .hasValueSatisfying(f -> assertThat(f).hasToString("x/y FAILED: no y. Get one"));
  }

  @Test
  void probe_ofTheSameName_isReplaced() {
    HostReport report =
        check(
            new Told("x", List.of(HostFinding.failed("x", "y", "no", "Get one")), List.of()),
            new Told("x", List.of(HostFinding.passed("x", "y", "yes")), List.of()));

    assertThat(report.find("x", "y").orElseThrow().status()).isEqualTo(Status.PASSED);
    assertThat(report.verdict()).isNotEqualTo(Verdict.NOT_USABLE);
  }

  @Test
  void probe_thatThrows_isABrokenCheckAndTheOthersAreStillMade() {
    HostProbe broken =
        new HostProbe() {
          @Override
          public String name() {
            return "broken";
          }

          @Override
          public List<HostFinding> check(HostView host) {
            throw new IllegalStateException("out of luck");
          }

          @Override
          public List<HostFact> facts(HostView host) {
            throw new IllegalStateException("out of luck");
          }
        };

    HostReport report =
        check(broken, new Told("z", List.of(HostFinding.passed("z", "z", "is")), List.of()));

    assertThat(report.verdict()).isEqualTo(Verdict.UNKNOWN);
    assertThat(report.broken())
        .containsExactly(new HostReport.BrokenCheck("broken", "out of luck"));
    assertThat(report.find("z", "z")).isPresent();
  }

  @Test
  void probe_thatIsInterrupted_interruptsTheCheckAndKeepsTheInterrupt() {
    HostProbe waiting =
        new HostProbe() {
          @Override
          public String name() {
            return "waiting";
          }

          @Override
          public List<HostFinding> check(HostView host) throws InterruptedException {
            throw new InterruptedException();
          }

          @Override
          public List<HostFact> facts(HostView host) {
            return List.of();
          }
        };

    try {
      assertThatThrownBy(() -> check(waiting))
          .isInstanceOfSatisfying(
              KataException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INTERRUPTED));
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  @Test
  void verdict_failureWeighsMoreThanABrokenCheckAndThatMoreThanAWarning() {
    HostFinding warned = HostFinding.warned("g", "w", "slow", "Hurry");
    HostFinding failed = HostFinding.failed("g", "f", "none", "Get one");
    List<HostReport.BrokenCheck> broken = List.of(new HostReport.BrokenCheck("b", "oops"));

    assertThat(new HostReport(List.of(), List.of()).verdict()).isEqualTo(Verdict.USABLE);
    assertThat(new HostReport(List.of(warned), List.of()).verdict())
        .isEqualTo(Verdict.USABLE_WITH_LIMITS);
    assertThat(new HostReport(List.of(warned), broken).verdict()).isEqualTo(Verdict.UNKNOWN);
    assertThat(new HostReport(List.of(warned, failed), broken).verdict())
        .isEqualTo(Verdict.NOT_USABLE);
  }

  @Test
  void finding_thatWarnsWithoutRemedy_isRejected() {
    assertThatThrownBy(
            () -> new HostFinding("g", "n", Status.WARNED, "bad", java.util.Optional.empty()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("g/n");
  }

  @Test
  void environment_goodHost_isDescribed() {
    HostTree tree =
        tree()
            .file("/sys/module/kvm_intel/parameters/tdx", "Y\n")
            .file("/sys/module/kvm_amd/parameters/sev", "N\n");
    HostEnvironment environment =
        Host.environment(
            options(tree)
                .probe(new Told("x", List.of(), List.of(new HostFact("Hypervisor", "Path", "/q"))))
                .build());

    assertThat(environment.kernel()).isEqualTo(HostTree.RELEASE);
    assertThat(environment.architecture()).isEqualTo("x86_64");
    assertThat(environment.distribution())
        .isEqualTo(new HostEnvironment.Distribution("Debian GNU/Linux", "12"));
    assertThat(environment.cpu().count()).isEqualTo(2);
    assertThat(environment.memory().available()).isEqualTo(MemorySize.kibibytes(4000000));
    assertThat(environment.vmCapable()).isTrue();
    assertThat(environment.vsock()).isTrue();
    assertThat(environment.guestProtections()).containsExactly("tdx");
    assertThat(environment.fact("Hypervisor", "Path")).hasValue("/q");
  }

  @Test
  void environment_missingOptionalModule_isStillCapable_missingRequiredOneIsNot() {
    HostTree tree =
        new HostTree(root, "x86_64")
            .cpu(HostTree.INTEL)
            .modules("kvm", "kvm_intel", "vhost", "vhost_net")
            .file("/dev/kvm", "");
    assertThat(Host.environment(options(tree).build()).vmCapable()).isTrue();

    HostTree amd = tree.cpu(HostTree.INTEL.replace("GenuineIntel", "AuthenticAMD"));
    assertThat(Host.environment(options(amd).build()).vmCapable()).isFalse();
  }

  @Test
  void environment_emptyHost_isUnknownInPlaces() {
    HostEnvironment environment = Host.environment(options(new HostTree(root, "x86_64")).build());

    assertThat(environment.distribution().name()).isEqualTo(HostFact.UNKNOWN);
    assertThat(environment.cpu().vendor()).isEqualTo(HostFact.UNKNOWN);
    assertThat(environment.memory().total()).isEqualTo(MemorySize.bytes(0));
    assertThat(environment.vmCapable()).isFalse();
    assertThat(environment.vsock()).isFalse();
  }

  @Test
  void environment_otherArchitectures_knowTheirProtections() {
    HostTree z =
        new HostTree(root, "s390x")
            .file("/proc/cmdline", "root=/dev/dasda1 prot_virt=1\n")
            .directory("/sys/firmware/uv")
            .directory("/sys/firmware/ultravisor");

    assertThat(Host.environment(options(z).architecture("s390x").build()).guestProtections())
        .containsExactly("se");
    assertThat(Host.environment(options(z).architecture("ppc64le").build()).guestProtections())
        .containsExactly("pef");
  }

  @Test
  void check_thisHost_givesAVerdictWithoutBrokenChecks() {
    assertThat(Host.check().broken()).isEmpty();
  }

  @Test
  void fact_ofAnotherType_isRejected() {
    assertThatThrownBy(() -> new HostFact("s", "n", 1.5))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("s.n");
  }
}
