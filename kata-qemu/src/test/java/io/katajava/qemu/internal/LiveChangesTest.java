package io.katajava.qemu.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.MemorySize;
import io.katajava.qemu.ChangePlan.Verdict;
import io.katajava.qemu.LiveChange.AddDevice;
import io.katajava.qemu.LiveChange.RemoveDevice;
import io.katajava.qemu.MachineType;
import io.katajava.qemu.QemuConfig;
import io.katajava.qemu.device.Nic;
import io.katajava.qemu.device.NicBackend;
import io.katajava.qmp.QmpClient;
import io.katajava.qmp.QmpCommandException;
import io.katajava.qmp.QmpInterruptedException;
import io.katajava.qmp.QmpTimeoutException;
import io.katajava.qmp.testing.FakeQemu;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A change is whole or not at all, however a step of it fails. */
@Timeout(60)
@SuppressWarnings("NullAway.Init")
class LiveChangesTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final Duration HASTY = Duration.ofMillis(300);
  private static final AddDevice ADD = new AddDevice(Nic.of("n", NicBackend.User.network()));
  private static final RemoveDevice REMOVE = new RemoveDevice("n");

  @TempDir Path directory;
  private FakeQemu qemu;
  private QmpClient client;
  private LiveChanges changes;

  @BeforeEach
  void connect() {
    qemu =
        FakeQemu.listenIn(directory)
            .returning("netdev_add", "{}")
            .returning("netdev_del", "{}")
            .returning("device_add", "{}")
            .answering(
                "device_del",
                (to, request) -> {
                  to.reply(request, "{}");
                  to.event("DEVICE_DELETED", "{\"device\": \"n\", \"path\": \"/machine/n\"}");
                });
    client = QmpClient.connect(qemu.socket());
    QemuConfig config = QemuConfig.builder().machine(MachineType.Q35).pciePorts(1).build();
    changes =
        new LiveChanges(
            "k7b2",
            client,
            new ChangePlanner(
                config, MachineType.Q35, TestStart.spec(1, MemorySize.mebibytes(256)), false));
  }

  @AfterEach
  void close() {
    client.close();
    qemu.close();
  }

  private List<String> commands() {
    return qemu.commands().stream().skip(1).toList();
  }

  @Test
  void add_refused_isTakenBack_andNobodyElsesDeviceIsTouched() {
    qemu.failing("device_add", "GenericError", "Duplicate device ID 'n'");
    assertThatThrownBy(() -> changes.apply(ADD, LIMIT)).isInstanceOf(QmpCommandException.class);
    assertThat(commands()).containsExactly("netdev_add", "device_add", "netdev_del");
    assertThat(changes.plan(ADD).verdict()).isEqualTo(Verdict.LIVE);
  }

  @Test
  void add_unanswered_isTakenBackInCaseItIsDoneLater() {
    qemu.silentOn("device_add");
    assertThatThrownBy(() -> changes.apply(ADD, HASTY)).isInstanceOf(QmpTimeoutException.class);
    assertThat(commands()).containsExactly("netdev_add", "device_add", "device_del", "netdev_del");
  }

  @Test
  void add_unansweredAndNeverDone_isTakenBackAllTheSame() {
    qemu.silentOn("device_add").failing("device_del", "DeviceNotFound", "Device 'n' not found");
    assertThatThrownBy(() -> changes.apply(ADD, HASTY)).isInstanceOf(QmpTimeoutException.class);
    assertThat(commands()).containsExactly("netdev_add", "device_add", "device_del", "netdev_del");
  }

  @Test
  void add_interrupted_isTakenBack_andTheInterruptKept() {
    Thread caller = Thread.currentThread();
    qemu.answering("device_add", (to, request) -> caller.interrupt());
    assertThatThrownBy(() -> changes.apply(ADD, LIMIT)).isInstanceOf(QmpInterruptedException.class);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(commands()).containsExactly("netdev_add", "device_add", "device_del", "netdev_del");
  }

  @Test
  void remove_interrupted_endsTheWait() {
    changes.apply(ADD, LIMIT);
    Thread caller = Thread.currentThread();
    qemu.answering("device_del", (to, request) -> caller.interrupt());
    assertThatThrownBy(() -> changes.apply(REMOVE, LIMIT))
        .isInstanceOf(QmpInterruptedException.class);
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void remove_backendRefused_plugsTheDeviceAgain() {
    changes.apply(ADD, LIMIT);
    qemu.failing("netdev_del", "GenericError", "in use");
    assertThatThrownBy(() -> changes.apply(REMOVE, LIMIT)).isInstanceOf(QmpCommandException.class);
    assertThat(commands())
        .containsExactly("netdev_add", "device_add", "device_del", "netdev_del", "device_add");
    assertThat(changes.plan(REMOVE).verdict()).isEqualTo(Verdict.LIVE);
  }

  @Test
  void remove_deviceWentMeanwhile_isCompleted() {
    changes.apply(ADD, LIMIT);
    qemu.failing("device_del", "DeviceNotFound", "Device 'n' not found");
    changes.apply(REMOVE, LIMIT);
    assertThat(commands()).endsWith("device_del", "netdev_del");
    assertThat(changes.plan(ADD).verdict()).isEqualTo(Verdict.LIVE);
  }

  @Test
  void remove_guestSilent_isNotPluggedAgain_andCanBeRepeated() {
    changes.apply(ADD, LIMIT);
    qemu.returning("device_del", "{}");
    assertThatThrownBy(() -> changes.apply(REMOVE, HASTY)).isInstanceOf(QmpTimeoutException.class);
    assertThat(commands()).containsExactly("netdev_add", "device_add", "device_del");
    assertThat(changes.plan(REMOVE).verdict()).isEqualTo(Verdict.LIVE);
  }
}
