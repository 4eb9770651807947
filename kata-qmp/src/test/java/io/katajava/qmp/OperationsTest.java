package io.katajava.qmp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.qmp.command.BlockdevBackup;
import io.katajava.qmp.command.Migrate;
import io.katajava.qmp.testing.FakeQemu;
import io.katajava.qmp.testing.FakeSession;
import io.katajava.qmp.type.JobInfo;
import io.katajava.qmp.type.MigrationInfo;
import io.katajava.qmp.type.MirrorSyncMode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class OperationsTest {
  private static final Duration SECONDS = Duration.ofSeconds(10);
  private static final Duration SHORT = Duration.ofMillis(150);
  private static final BlockdevBackup BACKUP =
      BlockdevBackup.builder("disk", MirrorSyncMode.FULL, "copy").jobId("job0").build();

  @TempDir Path directory;
  private FakeQemu qemu;
  private QmpClient client;

  @BeforeEach
  void connect() {
    qemu =
        FakeQemu.listenIn(directory)
            .returning("migrate-set-capabilities", "{}")
            .returning("query-status", "{\"running\": false, \"status\": \"postmigrate\"}");
    client = QmpClient.connect(qemu.socket());
  }

  @AfterEach
  void disconnect() {
    client.close();
    qemu.close();
  }

  @Test
  void unplug_guestReleases_completesWithTheEvent() {
    qemu.answering(
        "device_del",
        (to, request) -> {
          to.event("DEVICE_DELETED", "{\"path\": \"/machine/peripheral/net0/virtio\"}");
          to.event("DEVICE_DELETED", "{\"device\": \"net0\", \"path\": \"/p\"}");
          to.reply(request, "{}");
        });
    assertThat(client.unplug("net0", SECONDS).join().path()).isEqualTo("/p");
  }

  @Test
  void unplug_guestRefuses_fails() {
    qemu.answering(
        "device_del",
        (to, request) -> {
          to.reply(request, "{}");
          to.event("DEVICE_UNPLUG_GUEST_ERROR", "{\"device\": \"net0\", \"path\": \"/p\"}");
        });
    assertThatThrownBy(() -> client.unplug("net0", SECONDS).join())
        .hasCauseInstanceOf(QmpOperationException.class)
        .hasMessageContaining("the guest refused to release device net0");
  }

  @Test
  void unplug_noSuchDevice_failsAtOnce() {
    qemu.failing("device_del", "DeviceNotFound", "Device 'net0' not found");
    assertThatThrownBy(() -> client.unplug("net0", SECONDS).join())
        .hasCauseInstanceOf(QmpCommandException.class);
  }

  @Test
  void unplug_guestSilent_timesOut() {
    qemu.returning("device_del", "{}");
    assertThatThrownBy(() -> client.unplug("net0", SHORT).join())
        .hasCauseInstanceOf(QmpTimeoutException.class)
        .hasMessageContaining("device net0 is unplugged");
  }

  @Test
  void unplug_sessionEnds_fails() {
    qemu.answering("device_del", (to, request) -> to.hangUp());
    assertThatThrownBy(() -> client.unplug("net0", SECONDS).join())
        .hasCauseInstanceOf(QmpClosedException.class);
  }

  @Test
  void migrate_completes_returnsWhatQueryMigrateSays() {
    qemu.answering(
            "migrate",
            (to, request) -> {
              status(to, "setup");
              to.reply(request, "{}");
              status(to, "active");
              status(to, "completed");
            })
        .returning("query-migrate", "{\"status\": \"completed\", \"total-time\": 7}");
    MigrationInfo info = client.migrate(Migrate.builder().uri("file:x").build(), SECONDS).join();
    assertThat(info.totalTime()).isEqualTo(7);
    assertThat(qemu.requests().get(1).toString())
        .contains("{\"capability\":\"events\",\"state\":true}");
  }

  @Test
  void migrate_toldBeforeQemuHasFinished_waitsForQemu() {
    AtomicInteger looks = new AtomicInteger();
    qemu.answering(
            "migrate",
            (to, request) -> {
              to.reply(request, "{}");
              status(to, "completed");
            })
        .returning(
            "query-status",
            arguments ->
                looks.incrementAndGet() < 4
                    ? "{\"running\": false, \"status\": \"finish-migrate\"}"
                    : "{\"running\": false, \"status\": \"postmigrate\"}")
        .returning("query-migrate", "{\"status\": \"completed\"}");
    client.migrate(Migrate.builder().uri("file:x").build(), SECONDS).join();
    assertThat(looks).hasValue(4);
  }

  @Test
  void migrate_fails_saysWhy() {
    qemu.answering(
            "migrate",
            (to, request) -> {
              to.reply(request, "{}");
              status(to, "failed");
            })
        .returning("query-migrate", "{\"status\": \"failed\", \"error-desc\": \"disk full\"}");
    assertThatThrownBy(
            () -> client.migrate(Migrate.builder().uri("file:x").build(), SECONDS).join())
        .hasCauseInstanceOf(QmpOperationException.class)
        .hasMessageContaining("the migration failed: disk full");
  }

  @Test
  void migrate_neverEnds_isCancelled() {
    CompletableFuture<String> cancelled = new CompletableFuture<>();
    qemu.returning("migrate", "{}")
        .returning(
            "migrate_cancel",
            arguments -> {
              cancelled.complete("yes");
              return "{}";
            });
    assertThatThrownBy(() -> client.migrate(Migrate.builder().uri("file:x").build(), SHORT).join())
        .hasCauseInstanceOf(QmpTimeoutException.class);
    assertThat(cancelled.join()).isEqualTo("yes");
  }

  @Test
  void runJob_keptByQemu_isDismissed() {
    CompletableFuture<String> dismissed = new CompletableFuture<>();
    qemu.answering(
            "blockdev-backup",
            (to, request) -> {
              to.reply(request, "{}");
              job(to, "running");
              job(to, "concluded");
            })
        .returning(
            "query-jobs",
            "[{\"id\": \"job0\", \"type\": \"backup\", \"status\": \"concluded\","
                + " \"current-progress\": 5, \"total-progress\": 5}]")
        .returning(
            "job-dismiss",
            arguments -> {
              dismissed.complete(arguments.toString());
              return "{}";
            });
    JobInfo job = client.runJob(BACKUP, "job0", SECONDS).join();
    assertThat(job.currentProgress()).isEqualTo(5);
    assertThat(dismissed.join()).isEqualTo("{\"id\":\"job0\"}");
  }

  @Test
  void runJob_dismissedItselfAfterAnError_failsWithIt() {
    qemu.answering(
            "blockdev-backup",
            (to, request) -> {
              to.reply(request, "{}");
              to.event(
                  "BLOCK_JOB_COMPLETED",
                  "{\"device\": \"job0\", \"type\": \"backup\", \"len\": 5, \"offset\": 1,"
                      + " \"speed\": 0, \"error\": \"No space left on device\"}");
              job(to, "concluded");
              job(to, "null");
            })
        .returning("query-jobs", "[]");
    assertThatThrownBy(() -> client.runJob(BACKUP, "job0", SECONDS).join())
        .hasCauseInstanceOf(QmpOperationException.class)
        .hasMessageContaining("job job0 failed: No space left on device");
  }

  private static void status(FakeSession to, String status) {
    to.event("MIGRATION", "{\"status\": \"" + status + "\"}");
  }

  private static void job(FakeSession to, String status) {
    to.event("JOB_STATUS_CHANGE", "{\"id\": \"job0\", \"status\": \"" + status + "\"}");
  }
}
