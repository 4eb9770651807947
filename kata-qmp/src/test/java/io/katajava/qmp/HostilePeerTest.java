package io.katajava.qmp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.qmp.command.QueryName;
import io.katajava.qmp.command.QueryStatus;
import io.katajava.qmp.command.Stop;
import io.katajava.qmp.event.RtcChangeEvent;
import io.katajava.qmp.testing.FakeQemu;
import io.katajava.qmp.testing.FakeSession;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class HostilePeerTest {
  private static final QmpOptions HASTY =
      QmpOptions.builder()
          .connectTimeout(Duration.ofMillis(300))
          .callTimeout(Duration.ofMillis(300))
          .build();

  @TempDir Path directory;
  private FakeQemu qemu;

  @BeforeEach
  void listen() {
    qemu =
        FakeQemu.listenIn(directory)
            .returning("query-status", "{\"running\": true, \"status\": \"running\"}");
  }

  @AfterEach
  void noThreadIsLeft() throws Exception {
    qemu.close();
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().startsWith("qmp-") && thread.getName().contains(directory.toString())) {
        thread.join(5000);
        assertThat(thread.isAlive()).as(thread.getName()).isFalse();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 400 Bad Request\r\n",
        "\u0000\u0001\u0002",
        "{\"QMP\": }\r\n",
        "{\"QMP\": {\"version\": 7}}\r\n",
        "{\"QMP\": {\"version\": {\"qemu\": {\"major\": \"x\"}}, \"capabilities\": []}}\r\n",
        "[]\r\n",
        "{\"QMP\r\n",
        "{}\r\n"
      })
  void connect_garbage_failsAtOnce(String garbage) {
    qemu.greeting(garbage);
    assertThatThrownBy(() -> QmpClient.connect(qemu.socket()))
        .isInstanceOf(QmpProtocolException.class);
  }

  @Test
  void connect_halfGreetingThenSilence_timesOut() {
    qemu.greeting(FakeQemu.GREETING.substring(0, 30));
    assertThatThrownBy(() -> QmpClient.connect(qemu.socket(), HASTY))
        .isInstanceOf(QmpConnectException.class);
  }

  @Test
  void connect_negotiationUnanswered_timesOut() {
    qemu.silentOn("qmp_capabilities");
    assertThatThrownBy(() -> QmpClient.connect(qemu.socket(), HASTY))
        .isInstanceOf(QmpTimeoutException.class);
  }

  @Test
  void connect_eventBeforeGreeting_isNoHarm() {
    qemu.greeting(
        "{\"event\": \"RESUME\", \"timestamp\": {\"seconds\": 1, \"microseconds\": 2}}\r\n"
            + FakeQemu.GREETING);
    try (QmpClient client = QmpClient.connect(qemu.socket())) {
      assertThat(client.execute(new QueryStatus()).running()).isTrue();
    }
  }

  @Test
  void hangUp_atEveryByteOfTheReply_isNoticedAtOnce() {
    byte[] reply = "{\"return\": {\"name\": \"a\\\"b\"}, \"id\": 2}\r\n".getBytes(UTF_8);
    // The reply is whole when its last bracket is there.
    for (int i = 0; i < reply.length - 2; i++) {
      byte[] part = Arrays.copyOf(reply, i);
      qemu.answering(
          "query-name",
          (to, request) -> {
            to.send(part);
            to.hangUp();
          });
      try (QmpClient client = QmpClient.connect(qemu.socket())) {
        assertThatThrownBy(() -> client.execute(new QueryName()))
            .isInstanceOf(QmpClosedException.class);
      }
    }
  }

  @Test
  void hangUp_atEveryByteOfTheGreeting_isNoticedAtOnce() {
    for (int i = 0; i < FakeQemu.GREETING.length() - 2; i++) {
      qemu.greeting("");
      String part = FakeQemu.GREETING.substring(0, i);
      CompletableFuture<Void> hangUp =
          CompletableFuture.runAsync(
              () -> {
                FakeSession session = awaitSession();
                session.send(part);
                session.hangUp();
              });
      assertThatThrownBy(() -> QmpClient.connect(qemu.socket()))
          .isInstanceOf(QmpConnectException.class);
      hangUp.join();
    }
  }

  private FakeSession awaitSession() {
    while (true) {
      try {
        FakeSession session = qemu.session();
        if (session.claim()) {
          return session;
        }
      } catch (IllegalStateException e) {
        // Not connected yet.
      }
      Thread.onSpinWait();
    }
  }

  @Test
  void reply_withoutId_endsTheSession() {
    qemu.answering(
        "stop",
        (to, request) ->
            to.send(
                "{\"error\": {\"class\": \"GenericError\", \"desc\": \"JSON parse error\"}}\r\n"));
    try (QmpClient client = QmpClient.connect(qemu.socket())) {
      assertThatThrownBy(() -> client.execute(new Stop()))
          .isInstanceOf(QmpProtocolException.class)
          .hasMessageContaining("a reply without id");
      assertThat(client.isOpen()).isFalse();
      assertThatThrownBy(() -> client.execute(new QueryStatus()))
          .isInstanceOf(QmpClosedException.class);
    }
  }

  @Test
  void reply_unknownOrRepeatedIds_areDroppedAndCounted() {
    qemu.answering(
        "query-name",
        (to, request) -> {
          to.send("{\"return\": {\"name\": \"wrong\"}, \"id\": 4711}\r\n");
          to.send("{\"return\": {\"name\": \"wrong\"}, \"id\": -1}\r\n");
          to.send("{\"return\": {\"name\": \"wrong\"}, \"id\": \"2\"}\r\n");
          to.send("{\"return\": {\"name\": \"wrong\"}, \"id\": {\"a\": 1}}\r\n");
          to.send("{\"return\": {\"name\": \"wrong\"}, \"id\": 99999999999999999999}\r\n");
          to.reply(request, "{\"name\": \"right\"}");
          to.reply(request, "{\"name\": \"repeated\"}");
        });
    try (QmpClient client = QmpClient.connect(qemu.socket())) {
      assertThat(client.execute(new QueryName()).name()).isEqualTo("right");
      assertThat(client.execute(new QueryStatus()).running()).isTrue();
      assertThat(client.statistics().unknownReplies()).isEqualTo(5);
      assertThat(client.statistics().lateReplies()).isEqualTo(1);
    }
  }

  @Test
  void message_ofEightMebibytes_isTaken() {
    String name = "x".repeat(8 << 20);
    qemu.returning("query-name", "{\"name\": \"" + name + "\"}");
    try (QmpClient client = QmpClient.connect(qemu.socket())) {
      assertThat(client.execute(new QueryName()).name()).hasSize(8 << 20);
    }
  }

  @Test
  void message_of64Mebibytes_endsTheSession() {
    byte[] mebibyte = "x".repeat(1 << 20).getBytes(UTF_8);
    qemu.answering(
        "query-name",
        (to, request) -> {
          to.send("{\"return\": {\"name\": \"");
          for (int i = 0; i < 64; i++) {
            to.send(mebibyte);
          }
          to.send("\"}, \"id\": 2}\r\n");
        });
    try (QmpClient client = QmpClient.connect(qemu.socket())) {
      assertThatThrownBy(() -> client.execute(new QueryName()))
          .isInstanceOfSatisfying(
              QmpProtocolException.class, e -> assertThat(e.received()).hasSizeLessThan(400))
          .hasMessageContaining("a message of more than 33554432 bytes");
    }
  }

  @Test
  void message_nestedTooDeep_endsTheSession() {
    qemu.returning("query-name", "[".repeat(100_000) + "]".repeat(100_000));
    try (QmpClient client = QmpClient.connect(qemu.socket())) {
      assertThatThrownBy(() -> client.execute(new QueryName()))
          .isInstanceOf(QmpProtocolException.class);
    }
  }

  @Test
  void message_brokenOffByTheNext_endsTheSession() {
    qemu.answering("query-name", (to, request) -> to.send("{\"return\": {\n{\"return\": {}}\n"));
    try (QmpClient client = QmpClient.connect(qemu.socket())) {
      assertThatThrownBy(() -> client.execute(new QueryName()))
          .isInstanceOf(QmpProtocolException.class)
          .hasMessageContaining("a message that broke off");
    }
  }

  @Test
  void events_floodOfThem_doesNotDelayReplies() {
    String event =
        "{\"event\": \"RTC_CHANGE\", \"data\": {\"offset\": 1, \"qom-path\": \"/rtc\"},"
            + " \"timestamp\": {\"seconds\": 1, \"microseconds\": 2}}\r\n";
    byte[] flood = event.repeat(1000).getBytes(UTF_8);
    qemu.answering(
        "query-name",
        (to, request) -> {
          for (int i = 0; i < 100; i++) {
            to.send(flood);
          }
          to.reply(request, "{\"name\": \"still here\"}");
        });
    try (QmpClient client = QmpClient.connect(qemu.socket());
        EventQueue<RtcChangeEvent> nobodyReads = client.subscribe(RtcChangeEvent.class)) {
      assertThat(client.execute(new QueryName()).name()).isEqualTo("still here");
      assertThat(client.statistics().events()).isEqualTo(100_000);
      assertThat(nobodyReads.dropped()).isEqualTo(100_000 - QmpOptions.DEFAULT_EVENT_CAPACITY);
    }
  }

  @Test
  void events_malformed_endTheSession() {
    qemu.answering("stop", (to, request) -> to.send("{\"event\": 7}\r\n"));
    try (QmpClient client = QmpClient.connect(qemu.socket())) {
      assertThatThrownBy(() -> client.execute(new Stop()))
          .isInstanceOf(QmpProtocolException.class)
          .hasMessageContaining("a malformed event");
    }
  }

  @Test
  void command_largerThanWhatMayWait_isRefusedWholeAndSpoilsNothing() {
    try (QmpClient client = QmpClient.connect(qemu.socket())) {
      String arguments = "{\"data\": \"" + "x".repeat(64 << 20) + "\"}";
      assertThatThrownBy(() -> client.executeRaw("ringbuf-write", arguments))
          .isInstanceOf(QmpException.class)
          .hasMessageContaining("was not sent");
      assertThat(client.execute(new QueryStatus()).running()).isTrue();
    }
  }

  @Test
  void peer_stopsReading_callersStillTimeOut() throws Exception {
    CompletableFuture<Void> release = new CompletableFuture<>();
    qemu.answering("stop", (to, request) -> release.join());
    try (QmpClient client = QmpClient.connect(qemu.socket(), HASTY)) {
      String big = "x".repeat(1 << 20);
      for (int i = 0; i < 4; i++) {
        assertThatThrownBy(() -> client.execute(new Stop()))
            .isInstanceOf(QmpTimeoutException.class);
        assertThatThrownBy(() -> client.executeRaw("ringbuf-write", "{\"data\": \"" + big + "\"}"))
            .isInstanceOf(QmpTimeoutException.class);
      }
      assertThat(client.unresponsive()).isTrue();
    } finally {
      release.complete(null);
    }
  }
}
