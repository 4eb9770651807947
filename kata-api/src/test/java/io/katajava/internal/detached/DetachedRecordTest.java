package io.katajava.internal.detached;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.BirthPolicy;
import io.katajava.ContainerLimits;
import io.katajava.ContainerSpec;
import io.katajava.ErrorCode;
import io.katajava.Healthcheck;
import io.katajava.KataException;
import io.katajava.LimitAction;
import io.katajava.MemorySize;
import io.katajava.SandboxLife;
import io.katajava.SandboxSpec;
import io.katajava.Seccomp;
import io.katajava.agent.oci.OciCapability;
import io.katajava.agent.oci.OciMount;
import io.katajava.agent.oci.OciRlimit;
import io.katajava.internal.container.ContainerPlan;
import io.katajava.internal.container.ContainerRecord;
import io.katajava.internal.ledger.Ledger;
import io.katajava.internal.ledger.LedgerEntry;
import io.katajava.internal.ledger.LedgerSweep;
import io.katajava.internal.ledger.LedgerView;
import io.katajava.internal.ledger.ProcessIdentity;
import io.katajava.internal.records.RecordJson;
import io.katajava.spi.GuestAssets;
import io.katajava.spi.ImageConfig;
import io.katajava.spi.Rootfs;
import io.katajava.spi.VmSizes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is written down of a detached sandbox, and who may have it. */
class DetachedRecordTest {
  @TempDir Path directory;

  private static ContainerSpec container(Seccomp seccomp) {
    return ContainerSpec.builder("c")
        .command("sh", "-c", "a \"quoted\"\n\u0001 \\ \u00e9")
        .env("A", "b=c")
        .user("1000:1000")
        .rlimit(OciRlimit.Resource.NOFILE, 64, 128)
        .mount(OciMount.of("/m", "bind", "/s", "rbind"))
        .tmpfs("/tmp", MemorySize.mebibytes(3))
        .emptyDirectory("data", "/data")
        .sysctl("net.ipv4.ip_forward", "1")
        .sharedPid()
        .tty(80, 24)
        .limits(limits -> limits.memory(MemorySize.mebibytes(64)).cpus(0.25).pids(7))
        .security(s -> s.seccomp(seccomp).addCapabilities(OciCapability.NET_ADMIN))
        .keepLog(MemorySize.kibibytes(9))
        .spec();
  }

  private static DetachedRecord record(ContainerSpec spec) {
    ContainerPlan plan =
        new ContainerPlan(
            "id-c",
            "host",
            List.of(OciMount.of("/etc/hosts", "bind", "/run/hosts", "bind", "ro")),
            List.of(),
            spec,
            new Rootfs(
                "/r",
                List.of(new Rootfs.Disk("l1", Path.of("/d"))),
                List.of(new Rootfs.Mount("blk", "s", "ext4", List.of("ro"), "/r")),
                new ImageConfig(
                    List.of("/e"),
                    List.of("c"),
                    Map.of("X", "y"),
                    Optional.of("/w"),
                    Optional.empty(),
                    List.of("80/tcp"),
                    List.of("/v"),
                    Optional.of("SIGQUIT"),
                    Map.of("k", "v"),
                    Optional.of(Healthcheck.shell("true").withRetries(5))),
                "a root"),
            spec.process().command(),
            Optional.of("/pause"));
    return new DetachedRecord(
        DetachedRecord.VERSION,
        "secret",
        ProcessIdentity.self(),
        Instant.parse("2026-01-02T03:04:05.678Z"),
        SandboxSpec.builder()
            .name("name")
            .vcpus(2)
            .image("busybox")
            .hostname("host")
            .startTimeout(Duration.ofSeconds(90))
            .annotations(Map.of("k", "v"))
            .life(
                new SandboxLife(
                    true,
                    Optional.of(Duration.ofHours(1)),
                    Optional.empty(),
                    Optional.of(new SandboxLife.Limit(Duration.ofDays(1), LimitAction.STOP))))
            .birth(BirthPolicy.COLD)
            .build(),
        new VmSizes(2, MemorySize.mebibytes(256)),
        GuestAssets.of(Path.of("/k"), Path.of("/i"), "key"),
        List.of(
            new ContainerRecord(
                plan,
                "id-c.1",
                1,
                ContainerRecord.Stage.STARTED,
                true,
                ContainerLimits.NONE,
                OptionalInt.of(1),
                ContainerRecord.Role.DEFAULT)));
  }

  @Test
  void record_isReadAsItWasWritten() throws IOException {
    Ledger ledger = Ledger.open(directory);
    Path profile = directory.resolve("profile.json");
    Files.writeString(
        profile,
        """
        {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
          {"names": ["kill"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1,
           "args": [{"index": 1, "value": 9, "op": "SCMP_CMP_EQ"}]}]}
        """);
    for (Seccomp seccomp :
        List.of(Seccomp.standard(), Seccomp.unconfined(), Seccomp.read(profile))) {
      DetachedRecord record = record(container(seccomp));
      DetachedFiles files = DetachedFiles.of(ledger, "id");
      files.write(record);
      assertThat(files.read()).contains(record);
    }
    assertThat(record(container(Seccomp.standard())).toString()).doesNotContain("secret", "b=c");
  }

  @Test
  void record_damagedOrOfAnotherVersion_isRefused() {
    String text = RecordJson.write(record(container(Seccomp.standard())));
    assertThat(RecordJson.read(DetachedRecord.class, text)).isNotNull();
    for (String broken :
        List.of(
            "",
            "{}",
            "[]",
            text.substring(0, text.length() / 2),
            text.replace("\"version\":1", "\"version\":2"),
            text.replace("\"STARTED\"", "\"LATER\""),
            text.replace("\"sizes\"", "\"other\""))) {
      assertThatThrownBy(() -> RecordJson.read(DetachedRecord.class, broken))
          .as(broken)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void hold_isOneHandles_andFreeWhenItIsClosed() {
    DetachedFiles files = DetachedFiles.of(Ledger.open(directory), "id");
    try (DetachedFiles.Hold hold = files.hold("nobody")) {
      assertThat(hold).isNotNull();
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() -> files.hold("process 1"))
            .isInstanceOfSatisfying(
                KataException.class,
                e -> assertThat(e.code()).isEqualTo(ErrorCode.ALREADY_ATTACHED));
      }
    }
    files.hold("nobody").close();
  }

  @Test
  void sweep_ofADetachedSandbox_goesByItsMachineAndItsLifetime() throws Exception {
    Ledger ledger = Ledger.open(directory);
    Process machine =
        new ProcessBuilder("sh", "-c", "read line", "any", ledger.directoryOf("kept") + "/q.sock")
            .start();
    try {
      LedgerEntry entry =
          new LedgerEntry(
                  "kept",
                  ProcessIdentity.NOBODY,
                  List.of(ProcessIdentity.of(machine.pid()).orElseThrow()))
              .in(ledger.state());
      ledger.write(entry.detachedUntil(0));
      assertThat(ledger.read("kept")).contains(entry.detachedUntil(0));
      assertThat(new LedgerSweep(ledger).run()).isEmpty();
      ledger.write(entry.detachedUntil(Instant.now().getEpochSecond() + 1000));
      assertThat(new LedgerSweep(ledger).run()).isEmpty();
      assertThat(new LedgerView(directory).sandboxes())
          .singleElement()
          .satisfies(found -> assertThat(found.isAttachable()).isTrue());

      ledger.write(entry.detachedUntil(1));
      assertThat(new LedgerSweep(ledger).run()).containsExactly("kept");
      assertThat(machine.waitFor()).isNotZero();
      ledger.write(entry.detachedUntil(0));
      assertThat(new LedgerSweep(ledger).run()).containsExactly("kept");
      assertThat(new LedgerView(directory).sandboxes()).isEmpty();
    } finally {
      machine.destroyForcibly().waitFor();
    }
  }
}
