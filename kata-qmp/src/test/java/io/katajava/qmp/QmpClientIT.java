package io.katajava.qmp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.jna.Library;
import com.sun.jna.Native;
import io.katajava.qmp.command.BlockdevAdd;
import io.katajava.qmp.command.BlockdevCreate;
import io.katajava.qmp.command.Closefd;
import io.katajava.qmp.command.Cont;
import io.katajava.qmp.command.DeviceAdd;
import io.katajava.qmp.command.Migrate;
import io.katajava.qmp.command.MigrateIncoming;
import io.katajava.qmp.command.ObjectAdd;
import io.katajava.qmp.command.QueryFdsets;
import io.katajava.qmp.command.QueryNamedBlockNodes;
import io.katajava.qmp.command.QueryStatus;
import io.katajava.qmp.command.QueryVersion;
import io.katajava.qmp.command.QueryYank;
import io.katajava.qmp.command.Quit;
import io.katajava.qmp.event.ResumeEvent;
import io.katajava.qmp.event.ShutdownEvent;
import io.katajava.qmp.testing.RealQemu;
import io.katajava.qmp.type.BlockdevCreateOptions;
import io.katajava.qmp.type.BlockdevOptions;
import io.katajava.qmp.type.BlockdevRef;
import io.katajava.qmp.type.JobStatus;
import io.katajava.qmp.type.MigrationStatus;
import io.katajava.qmp.type.ObjectOptions;
import io.katajava.qmp.type.RunState;
import io.katajava.qmp.type.ShutdownCause;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The client with real QEMUs of two releases, and with their companions. */
@Timeout(120)
class QmpClientIT {
  private static final QmpOptions OPTIONS = QmpOptions.builder().awaitSocket(true).build();
  private static final Duration SECONDS = Duration.ofSeconds(20);

  @TempDir Path directory;

  static List<RealQemu.Release> releases() {
    return RealQemu.releases();
  }

  @ParameterizedTest
  @MethodSource("releases")
  void session_ofOneMachine_fromFirstCommandToQuit(RealQemu.Release release) throws Exception {
    try (RealQemu qemu = release.machine(directory, "q35");
        QmpClient client =
            QmpClient.connect(
                qemu.socket(), OPTIONS.toBuilder().expectedPeer(qemu.process().pid()).build())) {
      assertThat(client.version()).isPresent();
      assertThat(client.execute(new QueryVersion()).qemu().major())
          .isEqualTo(client.version().orElseThrow().major());
      assertThat(client.execute(new QueryStatus()).status()).isEqualTo(RunState.PRELAUNCH);
      assertThat(client.executeOutOfBand(new QueryYank(), SECONDS)).isNotNull();
      assertThat(client.supports("device_add", "driver")).isTrue();
      assertThat(client.supports("device_add", "colour")).isFalse();
      try (EventQueue<ResumeEvent> resumed = client.subscribe(ResumeEvent.class);
          EventQueue<ShutdownEvent> shutdown = client.subscribe(ShutdownEvent.class)) {
        client.execute(new Cont());
        resumed.take(SECONDS);
        client.execute(new Quit());
        assertThat(shutdown.take(SECONDS).reason()).isEqualTo(ShutdownCause.HOST_QMP_QUIT);
      }
      assertThat(qemu.process().waitFor(20, TimeUnit.SECONDS)).isTrue();
      assertThatThrownBy(() -> client.execute(new QueryStatus()))
          .isInstanceOf(QmpClosedException.class);
    }
  }

  @ParameterizedTest
  @MethodSource("releases")
  void connect_monitorHeldByAnother_saysBusy_andWorksWhenItIsFree(RealQemu.Release release) {
    try (RealQemu qemu = release.machine(directory, "none")) {
      try (QmpClient first = QmpClient.connect(qemu.socket(), OPTIONS)) {
        QmpOptions hasty = QmpOptions.builder().connectTimeout(Duration.ofMillis(300)).build();
        assertThatThrownBy(() -> QmpClient.connect(qemu.socket(), hasty))
            .isInstanceOf(QmpConnectException.class)
            .hasMessageContaining("another client holds this monitor");
        first.execute(new QueryStatus());
        first.reconnect().execute(new QueryStatus());
      }
      try (QmpClient second = QmpClient.connect(qemu.socket(), OPTIONS)) {
        second.execute(new QueryStatus());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("releases")
  void monitor_stoppedProcess_isUnresponsiveAndRecovers(RealQemu.Release release) throws Exception {
    try (RealQemu qemu = release.machine(directory, "none");
        QmpClient client = QmpClient.connect(qemu.socket(), OPTIONS)) {
      long pid = client.peer().orElseThrow().pid();
      signal("STOP", pid);
      Duration hasty = Duration.ofMillis(250);
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() -> client.execute(new QueryStatus(), hasty))
            .isInstanceOf(QmpTimeoutException.class);
      }
      assertThat(client.unresponsive()).isTrue();
      signal("CONT", pid);
      assertThat(client.execute(new QueryVersion()).qemu().major()).isPositive();
      assertThat(client.unresponsive()).isFalse();
      assertThat(client.statistics().lateReplies()).isEqualTo(2);
    }
  }

  private static void signal(String name, long pid) throws Exception {
    // The shell's own: a small Debian has no program of this name.
    new ProcessBuilder("sh", "-c", "kill -" + name + " " + pid).start().waitFor();
  }

  @ParameterizedTest
  @MethodSource("releases")
  void unplug_usbDevice_isGone(RealQemu.Release release) {
    try (RealQemu qemu = release.machine(directory, "q35", "-device", "qemu-xhci");
        QmpClient client = QmpClient.connect(qemu.socket(), OPTIONS)) {
      client.execute(DeviceAdd.builder("usb-kbd").id("kbd0").additional("port", "1").build());
      assertThat(client.unplug("kbd0", SECONDS).join().device()).isEqualTo("kbd0");
      assertThatThrownBy(() -> client.unplug("kbd0", SECONDS).join())
          .hasCauseInstanceOf(QmpCommandException.class)
          .hasMessageContaining("DeviceNotFound");
    }
  }

  @ParameterizedTest
  @MethodSource("releases")
  void migrate_toAFileAndBack_completes(RealQemu.Release release) throws Exception {
    Path state = directory.resolve("state");
    try (RealQemu qemu = release.machine(directory, "q35");
        QmpClient client = QmpClient.connect(qemu.socket(), OPTIONS)) {
      Migrate save = Migrate.builder().uri("exec:cat > " + state).build();
      assertThat(client.migrate(save, SECONDS).join().status())
          .isEqualTo(MigrationStatus.COMPLETED);
      Migrate bad = Migrate.builder().uri("exec:false").build();
      client.execute(new Cont());
      assertThatThrownBy(() -> client.migrate(bad, SECONDS).join())
          .hasCauseInstanceOf(QmpOperationException.class);
    }
    Files.delete(directory.resolve("qmp.sock"));
    try (RealQemu qemu = release.machine(directory, "q35", "-incoming", "defer");
        QmpClient client = QmpClient.connect(qemu.socket(), OPTIONS)) {
      MigrateIncoming load = MigrateIncoming.builder().uri("exec:cat " + state).build();
      assertThat(client.migrateIncoming(load, SECONDS).join().status())
          .isEqualTo(MigrationStatus.COMPLETED);
    }
  }

  @ParameterizedTest
  @MethodSource("releases")
  void runJob_createsAnImage_andReportsFailure(RealQemu.Release release) throws Exception {
    Path image = Files.createFile(directory.resolve("image"));
    try (RealQemu qemu = release.machine(directory, "none");
        QmpClient client = QmpClient.connect(qemu.socket(), OPTIONS)) {
      client.execute(
          new BlockdevAdd(
              BlockdevOptions.File.builder(image.toString()).nodeName("protocol").build()));
      BlockdevCreateOptions qcow2 =
          BlockdevCreateOptions.Qcow2.builder(BlockdevRef.of("protocol"), 64L << 20).build();
      assertThat(
              client
                  .runJob(new BlockdevCreate("create0", qcow2), "create0", SECONDS)
                  .join()
                  .status())
          .isEqualTo(JobStatus.CONCLUDED);
      client.execute(
          new BlockdevAdd(
              BlockdevOptions.Qcow2.builder(BlockdevRef.of("protocol")).nodeName("disk").build()));
      assertThat(client.execute(new QueryNamedBlockNodes()))
          .anySatisfy(node -> assertThat(node.image().virtualSize()).isEqualTo(64L << 20));
      BlockdevCreateOptions odd =
          BlockdevCreateOptions.Qcow2.builder(BlockdevRef.of("nowhere"), 1).build();
      assertThatThrownBy(
              () -> client.runJob(new BlockdevCreate("create1", odd), "create1", SECONDS).join())
          .hasCauseInstanceOf(QmpOperationException.class)
          .hasMessageContaining("job create1 failed");
    }
  }

  /** How a test opens a file by its number. */
  interface LibC extends Library {
    int open(String path, int flags);

    int close(int descriptor);
  }

  @ParameterizedTest
  @MethodSource("releases")
  void descriptors_passedByNameAndInASet_arrive(RealQemu.Release release) {
    LibC libc = Native.load("c", LibC.class);
    try (RealQemu qemu = release.machine(directory, "none");
        QmpClient client = QmpClient.connect(qemu.socket(), OPTIONS)) {
      int descriptor = libc.open("/dev/null", 0);
      try {
        client.getFd("null", descriptor);
        client.execute(new Closefd("null"));
        assertThat(client.addFd(descriptor, 7L).fdsetId()).isEqualTo(7);
        assertThat(client.execute(new QueryFdsets())).hasSize(1);
        assertThatThrownBy(() -> client.execute(new Closefd("null")))
            .isInstanceOf(QmpCommandException.class);
      } finally {
        libc.close(descriptor);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("releases")
  void secret_takenByQemu_isNeitherInMessagesNorRefusals(RealQemu.Release release) {
    try (RealQemu qemu = release.machine(directory, "none");
        QmpClient client = QmpClient.connect(qemu.socket(), OPTIONS)) {
      ObjectAdd secret = new ObjectAdd(ObjectOptions.Secret.builder("s0").data("hunter2").build());
      client.execute(secret);
      assertThatThrownBy(() -> client.execute(secret))
          .isInstanceOf(QmpCommandException.class)
          .hasMessageContaining("s0")
          .hasMessageNotContaining("hunter2");
    }
  }

  @ParameterizedTest
  @MethodSource("releases")
  void prettyMonitor_isUnderstoodToo(RealQemu.Release release) {
    Path socket = directory.resolve("pretty.sock");
    try (RealQemu qemu =
            release.machine(
                directory,
                "none",
                "-chardev",
                "socket,id=p,server=on,wait=off,path=" + socket,
                "-mon",
                "chardev=p,mode=control,pretty=on");
        QmpClient client = QmpClient.connect(socket, OPTIONS)) {
      assertThat(qemu.process().isAlive()).isTrue();
      assertThat(client.execute(new QueryStatus()).running()).isFalse();
      assertThat(client.schema().hasCommand("query-status")).isTrue();
    }
  }

  @ParameterizedTest
  @MethodSource("releases")
  void storageDaemon_speaksTheSameProtocol(RealQemu.Release release) {
    Path socket = directory.resolve("qsd.sock");
    List<String> arguments =
        List.of(
            "--chardev", "socket,id=m,server=on,wait=off,path=" + socket, "--monitor", "chardev=m");
    try (RealQemu daemon = release.program("qemu-storage-daemon", socket, arguments);
        QmpClient client = QmpClient.connect(socket, OPTIONS)) {
      client.execute(new BlockdevAdd(BlockdevOptions.NullCo.builder().nodeName("n").build()));
      assertThat(client.execute(new QueryNamedBlockNodes())).hasSize(1);
      assertThat(client.supports("device_add")).isFalse();
      assertThat(daemon.process().isAlive()).isTrue();
    }
  }

  @Test
  void guestAgent_realOne_isSynchronizedAndAnswers() {
    Path socket = directory.resolve("ga.sock");
    List<String> arguments =
        List.of("-m", "unix-listen", "-p", socket.toString(), "-t", directory.toString());
    QmpOptions options = QmpOptions.guestAgent().toBuilder().awaitSocket(true).build();
    try (RealQemu agent = RealQemu.backports().program("qemu-ga", socket, arguments);
        QmpClient client = QmpClient.connect(socket, options)) {
      assertThat(client.executeRaw("guest-info", null)).contains("guest-ping");
      assertThat(client.executeRaw("guest-ping", null)).isEqualTo("{}");
      assertThatThrownBy(() -> client.executeRaw("guest-nonsense", null))
          .isInstanceOf(QmpCommandException.class)
          .hasMessageContaining("refused by the guest agent (CommandNotFound)");
      assertThat(agent.process().isAlive()).isTrue();
    }
  }
}
