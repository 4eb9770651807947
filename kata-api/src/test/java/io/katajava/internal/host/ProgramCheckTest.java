package io.katajava.internal.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.HostFinding;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProgramCheckTest {
  @TempDir Path root;

  private static Map<String, HostFinding> find(HostTree tree) {
    return ProgramCheck.run(tree.view()).stream()
        .collect(Collectors.toMap(HostFinding::name, Function.identity()));
  }

  @Test
  void minimalHost_isToldEachProgramItsFeatureAndItsPackage() {
    Map<String, HostFinding> findings = find(new HostTree(root, "x86_64"));
    assertThat(findings).containsOnlyKeys("mke2fs", "debugfs", "ip", "tc", "nsenter");
    assertThat(findings.values())
        .allSatisfy(f -> assertThat(f.status()).isEqualTo(HostFinding.Status.WARNED));
    assertThat(findings.get("mke2fs")).asString().contains("named disks", "e2fsprogs");
    assertThat(findings.get("tc")).asString().contains("network namespaces", "iproute2");
  }

  @Test
  void program_outsideOfPath_isFoundInTheAdministratorsPlace() throws IOException {
    HostTree tree = new HostTree(root, "x86_64").file("/usr/sbin/mke2fs", "");
    Path program = root.resolve("usr/sbin/mke2fs");
    assertThat(program.toFile().setExecutable(true)).isTrue();
    HostFinding finding = Objects.requireNonNull(find(tree).get("mke2fs"));
    assertThat(finding.status()).isEqualTo(HostFinding.Status.PASSED);
    assertThat(finding.toString()).contains(program.toString());
  }
}
