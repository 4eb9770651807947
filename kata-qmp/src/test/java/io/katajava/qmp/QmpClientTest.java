package io.katajava.qmp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.json.JsonObject;
import io.katajava.json.JsonString;
import io.katajava.qmp.command.DeviceAdd;
import io.katajava.qmp.command.DeviceDel;
import io.katajava.qmp.command.ObjectAdd;
import io.katajava.qmp.command.QueryName;
import io.katajava.qmp.command.QueryStatus;
import io.katajava.qmp.command.QueryYank;
import io.katajava.qmp.command.Stop;
import io.katajava.qmp.testing.FakeQemu;
import io.katajava.qmp.type.NameInfo;
import io.katajava.qmp.type.ObjectOptions;
import io.katajava.qmp.type.RunState;
import io.katajava.qmp.type.StatusInfo;
import io.katajava.transport.UnixSocketConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class QmpClientTest {
  private static final String RUNNING = "{\"running\": true, \"status\": \"running\"}";
  private static final Duration SHORT = Duration.ofMillis(150);

  @TempDir Path directory;
  private FakeQemu qemu;

  @BeforeEach
  void listen() {
    qemu = FakeQemu.listenIn(directory).returning("query-status", RUNNING);
  }

  @AfterEach
  void hangUp() {
    qemu.close();
  }

  @Test
  void connect_greetingOffersOob_negotiatesIt() {
    try (QmpClient client = QmpClient.connect(qemu.socket())) {
      assertThat(client.version()).hasToString("Optional[10.0.2]");
      assertThat(client.capabilities()).containsExactly("oob");
      assertThat(client.peer().orElseThrow().pid()).isEqualTo((int) ProcessHandle.current().pid());
      assertThat(qemu.requests().get(0).toJson())
          .isEqualTo(
              "{\"execute\":\"qmp_capabilities\",\"arguments\":{\"enable\":[\"oob\"]},\"id\":1}");
    }
  }

  @Test
  void connect_oobSwitchedOff_negotiatesNothing() {
    QmpOptions options = QmpOptions.builder().outOfBand(false).build();
    try (QmpClient client = QmpClient.connect(qemu.socket(), options)) {
      assertThat(client.capabilities()).isEmpty();
      assertThat(qemu.requests().get(0).has("arguments")).isFalse();
      assertThatThrownBy(() -> client.executeOutOfBand(new QueryYank(), SHORT))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void connect_noGreeting_saysThatTheMonitorIsBusy() {
    qemu.greeting("");
    QmpOptions options = QmpOptions.builder().connectTimeout(SHORT).build();
    assertThatThrownBy(() -> QmpClient.connect(qemu.socket(), options))
        .isInstanceOf(QmpConnectException.class)
        .hasMessageContaining("another client holds this monitor");
  }

  @Test
  void connect_noSocket_saysHowQemuMakesOne() {
    assertThatThrownBy(() -> QmpClient.connect(directory.resolve("none.sock")))
        .isInstanceOf(QmpConnectException.class)
        .hasMessageContaining("-qmp unix:");
  }

  @Test
  void connect_socketAppearsLater_waitsForIt() throws Exception {
    Path later = directory.resolve("later");
    Files.createDirectory(later);
    CompletableFuture<FakeQemu> server =
        CompletableFuture.supplyAsync(
            () -> FakeQemu.listenIn(later),
            CompletableFuture.delayedExecutor(100, TimeUnit.MILLISECONDS));
    QmpOptions options = QmpOptions.builder().awaitSocket(true).build();
    try (QmpClient client = QmpClient.connect(later.resolve("qmp.sock"), options)) {
      assertThat(client.isOpen()).isTrue();
    } finally {
      server.get().close();
    }
  }

  @Test
  void connect_otherProcessThanExpected_isRefused() {
    QmpOptions options = QmpOptions.builder().expectedPeer(1).build();
    assertThatThrownBy(() -> QmpClient.connect(qemu.socket(), options))
        .isInstanceOf(QmpConnectException.class)
        .hasMessageContaining("not to process 1");
  }

  @Test
  void execute_reply_isDecodedWithUnknownMembersAndValues() {
    qemu.returning(
        "query-status", "{\"running\": false, \"status\": \"dreaming\", \"mood\": {\"x\": [1]}}");
    try (QmpClient client = QmpClient.connect(qemu.socket())) {
      StatusInfo status = client.execute(new QueryStatus());
      assertThat(status.status()).isEqualTo(RunState.of("dreaming"));
      assertThat(status.status().isKnown()).isFalse();
      assertThat(status.additional().toJson()).isEqualTo("{\"mood\":{\"x\":[1]}}");
    }
  }

  @Test
  void execute_wrongType_namesThePathAndKeepsTheSession() {
    qemu.returning("query-status", "{\"running\": \"yes\", \"status\": \"running\"}");
    try (QmpClient client = QmpClient.connect(qemu.socket())) {
      assertThatThrownBy(() -> client.execute(new QueryStatus()))
          .isInstanceOf(QmpProtocolException.class)
          .hasMessageContaining("query-status.running should be a boolean but is \"yes\"");
      assertThat(client.executeRaw("query-status", null)).contains("yes");
    }
  }

  @Test
  void execute_error_keepsClassDescriptionArgumentsAndVersion() {
    qemu.failing("device_del", "DeviceNotFound", "Device 'net0' not found");
    try (QmpClient client = QmpClient.connect(qemu.socket())) {
      assertThatThrownBy(() -> client.execute(new DeviceDel("net0")))
          .isInstanceOfSatisfying(
              QmpCommandException.class,
              e -> {
                assertThat(e.errorClass()).isEqualTo("DeviceNotFound");
                assertThat(e.description()).isEqualTo("Device 'net0' not found");
                assertThat(e.command()).isEqualTo("device_del");
                assertThat(e.arguments().toJson()).isEqualTo("{\"id\":\"net0\"}");
                assertThat(e.version()).hasToString("10.0.2");
              })
          .hasMessage(
              "device_del {\"id\":\"net0\"} refused by QEMU 10.0.2 (DeviceNotFound):"
                  + " Device 'net0' not found");
    }
  }

  @Test
  void execute_secretRefused_showsNoSecret() {
    qemu.failing("object-add", "GenericError", "no");
    ObjectAdd command = new ObjectAdd(ObjectOptions.Secret.builder("s0").data("hunter2").build());
    assertThat(command.toString()).doesNotContain("hunter2");
    assertThat(command.toJson().toJson()).contains("hunter2");
    try (QmpClient client = QmpClient.connect(qemu.socket())) {
      assertThatThrownBy(() -> client.execute(command))
          .isInstanceOf(QmpCommandException.class)
          .hasMessageContaining("<redacted>")
          .hasMessageNotContaining("hunter2");
      assertThat(qemu.requests().get(1).toJson()).contains("hunter2");
    }
  }

  @Test
  void execute_additionalMembers_areSent() {
    qemu.returning("device_add", "{}");
    try (QmpClient client = QmpClient.connect(qemu.socket())) {
      client.execute(
          DeviceAdd.builder("virtio-net-pci")
              .id("net0")
              .additional("mac", "52:54:00:0:0:1")
              .build());
      assertThat(qemu.requests().get(1).get("arguments"))
          .hasToString(
              "{\"driver\":\"virtio-net-pci\",\"id\":\"net0\",\"mac\":\"52:54:00:0:0:1\"}");
    }
  }

  @Test
  void execute_noAnswer_timesOutAndDropsTheLateReply() throws Exception {
    CompletableFuture<Runnable> late = new CompletableFuture<>();
    qemu.answering("stop", (to, request) -> late.complete(() -> to.reply(request, "{}")));
    try (QmpClient client = QmpClient.connect(qemu.socket())) {
      assertThatThrownBy(() -> client.execute(new Stop(), SHORT))
          .isInstanceOf(QmpTimeoutException.class)
          .hasMessageContaining("stop was not answered by QEMU 10.0.2");
      late.get().run();
      assertThat(client.execute(new QueryStatus()).running()).isTrue();
      assertThat(client.statistics().lateReplies()).isEqualTo(1);
    }
  }

  @Test
  void execute_silenceTwice_isReportedAsUnresponsive() {
    qemu.silentOn("stop");
    try (QmpClient client = QmpClient.connect(qemu.socket())) {
      assertThatThrownBy(() -> client.execute(new Stop(), SHORT))
          .isInstanceOfSatisfying(
              QmpTimeoutException.class, e -> assertThat(e.unresponsive()).isFalse());
      assertThat(client.unresponsive()).isFalse();
      assertThatThrownBy(() -> client.execute(new Stop(), SHORT))
          .isInstanceOfSatisfying(
              QmpTimeoutException.class, e -> assertThat(e.unresponsive()).isTrue())
          .hasMessageContaining("unresponsive");
      client.execute(new QueryStatus());
      assertThat(client.unresponsive()).isFalse();
    }
  }

  @Test
  void executeAsync_pipelined_completesOffTheReader() {
    try (QmpClient client = QmpClient.connect(qemu.socket())) {
      List<CompletableFuture<String>> threads =
          Collections.nCopies(200, new QueryStatus()).stream()
              .map(c -> client.executeAsync(c).thenApply(s -> Thread.currentThread().getName()))
              .toList();
      threads.forEach(thread -> assertThat(thread.join()).doesNotContain("qmp-reader"));
    }
  }

  @Test
  void executeAsync_callbackExecutesAgain_doesNotDeadlock() {
    try (QmpClient client = QmpClient.connect(qemu.socket())) {
      CompletableFuture<StatusInfo> nested =
          client
              .executeAsync(new QueryStatus())
              .thenApply(first -> client.execute(new QueryStatus()));
      assertThat(nested.join().running()).isTrue();
    }
  }

  @Test
  void executeAsync_noAnswer_failsInTime() {
    qemu.silentOn("stop");
    try (QmpClient client = QmpClient.connect(qemu.socket())) {
      assertThatThrownBy(() -> client.executeAsync(new Stop(), SHORT).join())
          .isInstanceOf(CompletionException.class)
          .hasCauseInstanceOf(QmpTimeoutException.class);
    }
  }

  @Test
  void executeAll_oneFails_throwsItAfterAllWereAnswered() {
    qemu.failing("stop", "GenericError", "no").returning("device_del", "{}");
    try (QmpClient client = QmpClient.connect(qemu.socket())) {
      List<QmpCommand<?>> commands =
          List.of(new QueryStatus(), new Stop(), new DeviceDel("a"), new QueryStatus());
      assertThatThrownBy(() -> client.executeAll(commands, Duration.ofSeconds(5)))
          .isInstanceOf(QmpCommandException.class);
      assertThat(qemu.commands())
          .containsExactly(
              "qmp_capabilities", "query-status", "stop", "device_del", "query-status");
      assertThat(client.statistics().replies()).isEqualTo(5);
    }
  }

  @Test
  void execute_repliesOutOfOrder_areMatchedById() {
    List<Runnable> held = Collections.synchronizedList(new ArrayList<>());
    qemu.answering(
        "query-name",
        (to, request) -> {
          held.add(() -> to.reply(request, "{\"name\": \"" + request.get("id") + "\"}"));
          if (held.size() == 3) {
            Collections.reverse(held);
            held.forEach(Runnable::run);
          }
        });
    try (QmpClient client = QmpClient.connect(qemu.socket())) {
      List<CompletableFuture<NameInfo>> calls =
          Collections.nCopies(3, new QueryName()).stream().map(client::executeAsync).toList();
      assertThat(calls).extracting(call -> call.join().name()).containsExactly("2", "3", "4");
    }
  }

  @Test
  void executeOutOfBand_allowed_isSentAsSuch() {
    qemu.returning("query-yank", "[]");
    try (QmpClient client = QmpClient.connect(qemu.socket())) {
      assertThat(client.executeOutOfBand(new QueryYank(), Duration.ofSeconds(5))).isEmpty();
      assertThat(qemu.requests().get(1).get("exec-oob")).isEqualTo(new JsonString("query-yank"));
      assertThatThrownBy(() -> client.executeOutOfBand(new QueryStatus(), SHORT))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void execute_interrupted_keepsTheInterrupt() {
    qemu.silentOn("stop");
    try (QmpClient client = QmpClient.connect(qemu.socket())) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> client.execute(new Stop()))
          .isInstanceOf(QmpInterruptedException.class);
      assertThat(Thread.interrupted()).isTrue();
      assertThat(client.execute(new QueryStatus()).running()).isTrue();
    }
  }

  @Test
  void execute_moreThanInFlight_waitsWithinItsTimeout() {
    qemu.silentOn("stop");
    QmpOptions options = QmpOptions.builder().maxInFlight(1).build();
    try (QmpClient client = QmpClient.connect(qemu.socket(), options)) {
      CompletableFuture<?> first = client.executeAsync(new Stop(), Duration.ofSeconds(20));
      assertThatThrownBy(() -> client.execute(new QueryStatus(), SHORT))
          .isInstanceOf(QmpTimeoutException.class)
          .hasMessageContaining("was not sent");
      first.cancel(false);
      assertThat(client.execute(new QueryStatus()).running()).isTrue();
    }
  }

  @Test
  void close_callUnderWay_failsIt() {
    qemu.silentOn("stop");
    QmpClient client = QmpClient.connect(qemu.socket());
    CompletableFuture<?> call = client.executeAsync(new Stop());
    client.close();
    client.close();
    assertThatThrownBy(call::join).hasCauseInstanceOf(QmpClosedException.class);
    assertThatThrownBy(() -> client.execute(new Stop())).isInstanceOf(QmpClosedException.class);
    assertThatThrownBy(client::reconnect).isInstanceOf(QmpClosedException.class);
    assertThat(client.isOpen()).isFalse();
  }

  @Test
  void reconnect_peerHungUp_startsANewSession() {
    try (QmpClient client = QmpClient.connect(qemu.socket())) {
      qemu.answering("stop", (to, request) -> to.hangUp());
      assertThatThrownBy(() -> client.execute(new Stop()))
          .isInstanceOf(QmpClosedException.class)
          .hasMessageContaining("while waiting for the reply to stop")
          .hasMessageContaining("hung up");
      assertThat(client.isOpen()).isFalse();
      assertThat(client.reconnect().execute(new QueryStatus()).running()).isTrue();
    }
  }

  @Test
  void over_connection_worksButCannotReconnect() throws Exception {
    UnixSocketConnection connection =
        UnixSocketConnection.connect(qemu.socket(), Duration.ofSeconds(5));
    try (QmpClient client = QmpClient.over(connection, QmpOptions.defaults())) {
      assertThat(client.execute(new QueryStatus()).running()).isTrue();
      assertThatThrownBy(client::reconnect).isInstanceOf(UnsupportedOperationException.class);
    }
  }

  @Test
  void guestAgent_oldOneWithoutIds_isSynchronizedAndAnswers() {
    qemu.greeting("{\"return\": {}}\n")
        .answering(
            "guest-sync-delimited",
            (to, request) -> {
              JsonObject arguments = (JsonObject) Objects.requireNonNull(request.get("arguments"));
              to.send(new byte[] {'{', '"', (byte) 0xFF});
              to.send("{\"return\": " + arguments.get("id") + "}\n");
            })
        .answering("guest-ping", (to, request) -> to.send("{\"return\": {}}\n"));
    try (QmpClient client = QmpClient.connect(qemu.socket(), QmpOptions.guestAgent())) {
      assertThat(client.version()).isEmpty();
      assertThat(client.executeRaw("guest-ping", null)).isEqualTo("{}");
      assertThat(client.executeRaw("guest-ping", "{}")).isEqualTo("{}");
    }
  }

  @Test
  void schema_live_tellsWhatIsSupported() {
    qemu.returning(
        "query-qmp-schema",
        """
        [{"name": "stop", "meta-type": "command", "arg-type": "0", "ret-type": "0"},
         {"name": "blockdev-add", "meta-type": "command", "arg-type": "1", "ret-type": "0",
          "features": ["deprecated"]},
         {"name": "STOP", "meta-type": "event", "arg-type": "0"},
         {"name": "0", "meta-type": "object", "members": []},
         {"name": "1", "meta-type": "object", "tag": "driver",
          "members": [{"name": "driver", "type": "2"}],
          "variants": [{"case": "file", "type": "3"}]},
         {"name": "2", "meta-type": "enum", "values": ["file"], "members": [{"name": "file"}]},
         {"name": "3", "meta-type": "object", "members": [{"name": "filename", "type": "str"},
          {"name": "child", "type": "[1]", "default": null}]},
         {"name": "[1]", "meta-type": "array", "element-type": "1"},
         {"name": "str", "meta-type": "builtin", "json-type": "string"}]
        """
            .replace("\n", ""));
    try (QmpClient client = QmpClient.connect(qemu.socket())) {
      assertThat(client.supports("stop")).isTrue();
      assertThat(client.supports("STOP")).isFalse();
      assertThat(client.supports("blockdev-add", "filename")).isTrue();
      assertThat(client.supports("blockdev-add", "child.filename")).isTrue();
      assertThat(client.supports("blockdev-add", "child.nothing")).isFalse();
      assertThat(client.schema().hasEvent("STOP")).isTrue();
      assertThat(client.schema().hasFeature("blockdev-add", "deprecated")).isTrue();
      assertThat(client.schema().hasArgumentValue("blockdev-add", "child.driver", "file")).isTrue();
      assertThat(client.schema().hasArgumentValue("blockdev-add", "driver", "nbd")).isFalse();
      assertThat(client.schema().arguments("blockdev-add"))
          .containsExactly("child", "driver", "filename");
      assertThat(client.schema().argumentValues("blockdev-add", "driver")).containsExactly("file");
      assertThat(qemu.commands()).containsExactly("qmp_capabilities", "query-qmp-schema");
    }
  }
}
