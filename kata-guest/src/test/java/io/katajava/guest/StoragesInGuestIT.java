package io.katajava.guest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.agent.AgentClient;
import io.katajava.agent.AgentClientOptions;
import io.katajava.agent.AgentException;
import io.katajava.agent.AgentStorage;
import io.katajava.agent.ContainerRequest;
import io.katajava.agent.ExecRequest;
import io.katajava.agent.SandboxRequest;
import io.katajava.agent.oci.OciHooks;
import io.katajava.agent.oci.OciLinux;
import io.katajava.agent.oci.OciMount;
import io.katajava.agent.oci.OciNamespace;
import io.katajava.agent.oci.OciProcess;
import io.katajava.agent.oci.OciRoot;
import io.katajava.agent.oci.OciSpec;
import io.katajava.spi.GuestAssets;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Storages on real devices of QEMU, and watched directories, as a container sees them. */
@Timeout(300)
class StoragesInGuestIT {
  private static final String ROOTFS = "/usr/lib/kata/rootfs/busybox";
  private static final long PATIENCE_SECONDS = 120;

  @TempDir Path directory;
  private @Nullable TestMachine machine;
  private @Nullable AgentClient connected;
  private int executed;

  @BeforeEach
  void bootWithDevices() throws Exception {
    GuestBuilder builder = GuestBuilder.create().architecture("x86_64");
    Stream.of("virtio_scsi", "sd_mod", "nfit", "nd_pmem").forEach(builder::module);
    GuestAssets guest = builder.build(TestMachine.CACHE);
    TestMachine started =
        TestMachine.withSerialPort(
            guest,
            directory,
            "quiet",
            "-device",
            "virtio-scsi-pci,id=scsi0",
            "-drive",
            "if=none,id=disk,format=raw,file=" + fileSystem("scsi"),
            "-device",
            "scsi-hd,bus=scsi0.0,drive=disk,channel=0,scsi-id=3,lun=1",
            "-machine",
            "nvdimm=on",
            "-m",
            "slots=2,maxmem=1G",
            "-object",
            "memory-backend-file,id=memory,share=on,size=16M,mem-path=" + fileSystem("nvdimm"),
            "-device",
            "nvdimm,id=nv,memdev=memory");
    machine = started;
    started.awaitAgent();
    connected = AgentClient.connect(started.address(), AgentClientOptions.builder().build());
    agent().createSandbox(SandboxRequest.builder("box").build());
  }

  @AfterEach
  void end() {
    if (connected != null) {
      connected.close();
    }
    if (machine != null) {
      machine.close();
    }
  }

  private AgentClient agent() {
    AgentClient client = connected;
    if (client == null) {
      throw new IllegalStateException("not connected");
    }
    return client;
  }

  /** An ext4 with one file, which says what it is. */
  private Path fileSystem(String name) throws IOException, InterruptedException {
    Path content = Files.createDirectory(directory.resolve(name + ".d"));
    Files.writeString(content.resolve("which"), name);
    Path image = directory.resolve(name);
    Process mkfs =
        new ProcessBuilder("mke2fs", "-q", "-t", "ext4", "-d", content + "", image + "", "16M")
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("mkfs.log").toFile())
            .start();
    assertThat(mkfs.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(mkfs.exitValue())
        .as(() -> "mke2fs, of the package e2fsprogs: " + directory.resolve("mkfs.log"))
        .isZero();
    return image;
  }

  @Test
  void disksOfScsiAndPersistentMemory_areFoundWithTheirDriversAndMounted() throws Exception {
    start(
        "disks",
        List.of(
            new AgentStorage("scsi", "3:1", "ext4", List.of("ro"), "/run/mnt/scsi"),
            new AgentStorage("nvdimm", "/dev/pmem0", "ext4", List.of(), "/run/mnt/nvdimm")),
        List.of(
            OciMount.of("/scsi", "bind", "/run/mnt/scsi", "rbind"),
            OciMount.of("/nvdimm", "bind", "/run/mnt/nvdimm", "rbind")));
    assertThat(shell("disks", "cat /scsi/which; echo; cat /nvdimm/which"))
        .isEqualTo("scsi\nnvdimm");
    assertThat(shell("disks", "echo x >/nvdimm/new && sync && echo y >/scsi/new || echo read-only"))
        .endsWith("read-only");
    assertThat(shell("disks", "grep -E ' /(scsi|nvdimm) ' /proc/mounts | cut -d ' ' -f 1 | sort"))
        .isEqualTo("/dev/pmem0\n/dev/sda");

    start(
        "bound",
        List.of(
            new AgentStorage(
                "virtio-fs", "/run/mnt/nvdimm", "bind", List.of("bind", "ro"), "/run/mnt/bound")),
        List.of(OciMount.of("/bound", "bind", "/run/mnt/bound", "rbind")));
    assertThat(shell("bound", "cat /bound/which; echo; touch /bound/x || echo read-only"))
        .isEqualTo("nvdimm\nread-only");
    remove("bound");
    AgentStorage misspelt =
        new AgentStorage("local", "local", "local", List.of("mod=0700"), "/run/mnt/local");
    assertThatThrownBy(() -> start("misspelt", List.of(misspelt), List.of()))
        .isInstanceOf(AgentException.class)
        .hasMessageContaining("mod=0700");

    AgentStorage absent = new AgentStorage("scsi", "3:9", "ext4", List.of(), "/run/mnt/absent");
    assertThatThrownBy(() -> start("absent", List.of(absent), List.of()))
        .isInstanceOf(AgentException.class)
        .hasMessageContaining("the device did not appear");
    remove("disks");
    assertThat(agent().guestDetails().storageHandlers())
        .contains("scsi", "nvdimm", "watchable-bind", "blk", "virtio-fs", "overlayfs");
  }

  @Test
  void watchedDirectory_followsItsSource_untilItIsTooLarge() throws Exception {
    String area = "/run/kata-containers/shared/containers/watchable/";
    start(
        "source",
        List.of(new AgentStorage("ephemeral", "tmpfs", "tmpfs", List.of(), "/run/src")),
        List.of(OciMount.of("/src", "bind", "/run/src", "rbind")));
    shell("source", "mkdir /src/a; echo one >/src/a/f; ln -s a/f /src/link; echo s >/src/single");
    start(
        "watcher",
        List.of(
            new AgentStorage("watchable-bind", "/run/src/a", "bind", List.of(), area + "w-a"),
            new AgentStorage("watchable-bind", "/run/src/single", "bind", List.of(), area + "w-s")),
        List.of(
            OciMount.of("/a", "bind", area + "w-a", "rbind", "ro"),
            OciMount.of("/single", "bind", area + "w-s", "rbind", "ro")));
    assertThat(shell("watcher", "cat /a/f /single")).isEqualTo("one\ns");

    // The copies are in a file system of the guest's own, where changes can be noticed.
    assertThat(shell("watcher", "grep -E ' /(a|single) ' /proc/mounts | cut -d ' ' -f 3"))
        .isEqualTo("tmpfs\ntmpfs");
    shell("source", "echo two >/src/a/f; echo t >/src/single; rm /src/link; echo n >/src/a/new");
    awaitIn(
        "watcher", "grep -q two /a/f && grep -q t /single && test -e /a/new && ! test -L /a/link");
    shell("source", "rm /src/a/new");
    awaitIn("watcher", "! test -e /a/new");

    shell("source", "head -c 2000000 /dev/zero >/src/a/large; echo three >/src/a/f");
    awaitIn("watcher", "[ $(stat -c %s /a/large) = 2000000 ] && grep -q three /a/f");
    shell("source", "echo four >/src/a/f");
    assertThat(shell("watcher", "cat /a/f")).isEqualTo("four");
    remove("watcher");
    remove("source");
    start("after", List.of(), List.of(OciMount.of("/guest", "bind", "/run", "rbind", "ro")));
    assertThat(shell("after", "grep -c watchable /proc/self/mountinfo || true")).isEqualTo("0");
  }

  private void start(String id, List<AgentStorage> storages, List<OciMount> more) {
    List<OciMount> mounts = new ArrayList<>();
    mounts.add(OciMount.of("/proc", "proc", "proc"));
    mounts.add(OciMount.of("/dev", "tmpfs", "tmpfs", "mode=755"));
    mounts.addAll(more);
    OciSpec spec =
        new OciSpec(
            process("sleep", "100000"),
            new OciRoot("/run/mnt/root-" + id, false),
            id,
            mounts,
            OciHooks.NONE,
            Map.of(),
            OciLinux.of(
                List.of(
                    OciNamespace.create(OciNamespace.Type.MOUNT),
                    OciNamespace.create(OciNamespace.Type.PID))));
    List<AgentStorage> all = new ArrayList<>();
    all.add(
        new AgentStorage(
            "overlayfs",
            "overlay",
            "overlay",
            List.of("lowerdir=" + ROOTFS, "io.katacontainers.fs-opt.overlay-rw"),
            "/run/mnt/root-" + id));
    all.addAll(storages);
    agent().createContainer(ContainerRequest.builder(id, spec).storages(all).build());
    agent().startContainer(id);
  }

  private static OciProcess process(String... command) {
    return OciProcess.builder(List.of(command))
        .env("PATH", "/bin:/sbin:/usr/bin:/usr/sbin")
        .build();
  }

  private void remove(String id) {
    agent().signalProcess(id, "", 9);
    agent().removeContainer(id, Duration.ZERO);
  }

  private String text(String id, String execId) throws Exception {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    while (true) {
      byte[] piece =
          agent().readStdout(id, execId, 1 << 16).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      if (piece.length == 0) {
        return all.toString(UTF_8).strip();
      }
      all.writeBytes(piece);
    }
  }

  private String shell(String id, String script) throws Exception {
    String execId = "e" + executed++;
    agent().execProcess(new ExecRequest(id, execId, process("sh", "-c", script)));
    return text(id, execId);
  }

  /** In the guest, where the clock of a busy machine runs as slowly as everything else. */
  private void awaitIn(String id, String condition) throws Exception {
    String loop =
        "i=0; until " + condition + "; do i=$((i+1)); [ $i -lt 600 ] || exit; sleep 0.1; done";
    assertThat(shell(id, loop + "; echo yes")).as(condition).isEqualTo("yes");
  }
}
