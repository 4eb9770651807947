package io.katajava.internal.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.HostFinding;
import io.katajava.HostFinding.Status;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CpuCheckTest {
  private static final String AMD =
      """
      processor\t: 0
      vendor_id\t: AuthenticAMD
      model name\t: AMD EPYC 7763
      flags\t\t: fpu lm svm sse4_1 npt
      """;

  private static final String ARM =
      """
      processor\t: 0
      BogoMIPS\t: 50.00
      Features\t: fp asimd evtstrm
      CPU implementer\t: 0x41
      CPU architecture: 8
      CPU part\t: 0xd0c

      processor\t: 1
      Features\t: fp asimd evtstrm
      CPU implementer\t: 0x41
      """;

  private static final String POWER9 =
      """
      processor\t: 0
      cpu\t\t: POWER9, altivec supported
      clock\t\t: 2300.000000MHz
      revision\t: 2.2 (pvr 004e 1202)

      timebase\t: 512000000
      platform\t: PowerNV
      model\t\t: 9006-22P
      machine\t\t: PowerNV 9006-22P
      """;

  private static final String Z =
      """
      vendor_id       : IBM/S390
      # processors    : 2
      bogomips per cpu: 3033.00
      features\t: esan3 zarch stfle msa ldisp eimm dfp edat etf3eh highgprs te vx sie
      processor 0: version = FF,  identification = 2733E8,  machine = 2964
      processor 1: version = FF,  identification = 2733E8,  machine = 2964
      """;

  private static final String RISCV =
      """
      processor\t: 0
      hart\t\t: 0
      isa\t\t: rv64imafdch_zicsr_zifencei_sstc
      mmu\t\t: sv57
      uarch\t\t: sifive,p670
      mvendorid\t: 0x489
      """;

  @TempDir Path root;

  private List<HostFinding> check(String architecture, String cpuInfo) {
    return CpuCheck.run(new HostTree(root, architecture).cpu(cpuInfo).view());
  }

  private static HostFinding named(List<HostFinding> findings, String name) {
    return findings.stream().filter(f -> f.name().equals(name)).findFirst().orElseThrow();
  }

  @Test
  void intel_withAllFlags_passes() {
    List<HostFinding> findings = check("x86_64", HostTree.INTEL);

    assertThat(findings).allMatch(finding -> finding.status() == Status.PASSED);
    assertThat(findings).extracting(HostFinding::name).contains("vmx", "lm", "sse4_1");
    assertThat(named(findings, "vendor").reason()).contains("2 x Intel", "GenuineIntel");
  }

  @Test
  void amd_isAskedForSvm_notVmx() {
    List<HostFinding> findings = check("x86_64", AMD);

    assertThat(findings).extracting(HostFinding::name).contains("svm").doesNotContain("vmx");
    assertThat(findings).allMatch(finding -> finding.status() == Status.PASSED);
  }

  @Test
  void intel_withoutVmxOnBareMetal_pointsAtTheFirmware() {
    HostFinding vmx = named(check("x86_64", HostTree.INTEL.replaceAll("\\bvmx\\b", "")), "vmx");

    assertThat(vmx.status()).isEqualTo(Status.WARNED);
    assertThat(vmx.remedy()).hasValueSatisfying(text -> assertThat(text).contains("firmware"));
  }

  @Test
  void intel_withoutVmxInAGuest_pointsAtNestedVirtualization() {
    HostFinding vmx =
        named(check("x86_64", HostTree.INTEL.replaceAll("\\bvmx\\b", "hypervisor")), "vmx");

    assertThat(vmx.remedy()).hasValueSatisfying(text -> assertThat(text).contains("nested"));
  }

  @Test
  void flag_thatIsPartOfAnotherWord_doesNotCount() {
    List<HostFinding> findings =
        check("x86_64", HostTree.INTEL.replace(" lm ", " lmx ").replace("sse4_1", "sse4_11"));

    assertThat(named(findings, "lm").status()).isEqualTo(Status.WARNED);
    assertThat(named(findings, "sse4_1").status()).isEqualTo(Status.WARNED);
  }

  @Test
  void x86_withoutFlagsLine_warnsThatNothingIsKnown() {
    assertThat(
            named(check("x86_64", "processor\t: 0\nvendor_id\t: GenuineIntel\n"), "flags").status())
        .isEqualTo(Status.WARNED);
  }

  @Test
  void x86_ofUnknownVendor_warnsAndLooksAtTheFlags() {
    List<HostFinding> findings =
        check("x86_64", HostTree.INTEL.replace("GenuineIntel", "SomebodyElse"));

    assertThat(named(findings, "vendor").status()).isEqualTo(Status.WARNED);
    assertThat(named(findings, "vmx").status()).isEqualTo(Status.PASSED);
  }

  @Test
  void arm_thatIsReadable_passes() {
    HostFinding vendor = named(check("aarch64", ARM), "vendor");

    assertThat(vendor.status()).isEqualTo(Status.PASSED);
    assertThat(vendor.reason()).contains("2 x v8", "ARM Limited");
  }

  @Test
  void power9_mayLeaveSmtOn() {
    List<HostFinding> findings = check("ppc64", POWER9);

    assertThat(named(findings, "smt").status()).isEqualTo(Status.PASSED);
    assertThat(named(findings, "vendor").reason()).contains("9006-22P", "POWER9");
  }

  @Test
  void power8_withSmtOn_warns() {
    new HostTree(root, "ppc64").file("/sys/devices/system/cpu/smt/active", "1\n");

    HostFinding smt = named(check("ppc64", POWER9.replace("POWER9", "POWER8E")), "smt");

    assertThat(smt.status()).isEqualTo(Status.WARNED);
    assertThat(smt.remedy()).hasValue("Run as root: ppc64_cpu --smt=off");
  }

  @Test
  void power8_withOneThreadPerCore_passes() {
    new HostTree(root, "ppc64")
        .file("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list", "0\n");

    assertThat(named(check("ppc64", POWER9.replace("POWER9", "POWER8")), "smt").status())
        .isEqualTo(Status.PASSED);
  }

  @Test
  void power8_olderKernelWithSeveralThreadsPerCore_warns() {
    new HostTree(root, "ppc64")
        .file("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list", "0-7\n");

    assertThat(named(check("ppc64", POWER9.replace("POWER9", "POWER8")), "smt").status())
        .isEqualTo(Status.WARNED);
  }

  @Test
  void s390_withSie_passes() {
    List<HostFinding> findings = check("s390x", Z);

    assertThat(named(findings, "sie").status()).isEqualTo(Status.PASSED);
    assertThat(named(findings, "vendor").reason()).contains("2 x 2964", "IBM/S390");
  }

  @Test
  void s390_withoutSie_warns() {
    assertThat(named(check("s390x", Z.replace(" sie", "")), "sie").status())
        .isEqualTo(Status.WARNED);
  }

  @Test
  void riscv_withHypervisorExtension_passes() {
    List<HostFinding> findings = check("riscv64", RISCV);

    assertThat(named(findings, "h").status()).isEqualTo(Status.PASSED);
    assertThat(named(findings, "vendor").reason()).contains("sifive,p670");
  }

  @Test
  void riscv_whereOnlyALongExtensionHasAnH_warns() {
    assertThat(named(check("riscv64", RISCV.replace("imafdch", "imafdc_zhinx")), "h").status())
        .isEqualTo(Status.WARNED);
  }

  @Test
  void cpuInfo_missing_isOneWarning() {
    assertThat(CpuCheck.run(new HostTree(root, "x86_64").view()))
        .singleElement()
        .matches(finding -> finding.status() == Status.WARNED);
  }

  @Test
  void architecture_unknown_isOneWarning() {
    assertThat(check("vax", "cpu: 780\n"))
        .singleElement()
        .matches(finding -> finding.reason().contains("vax"));
  }
}
