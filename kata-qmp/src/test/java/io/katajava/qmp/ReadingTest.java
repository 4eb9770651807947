package io.katajava.qmp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.json.JsonObject;
import io.katajava.json.JsonValue;
import io.katajava.qmp.command.QueryName;
import io.katajava.qmp.command.QueryStatus;
import io.katajava.qmp.command.Stop;
import io.katajava.qmp.testing.FakeQemu;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Calls that follow one another closely: callers and the reader take turns at the socket. */
@Timeout(60)
@SuppressWarnings("NullAway.Init")
class ReadingTest {
  private static final Duration SECONDS = Duration.ofSeconds(20);

  @TempDir Path directory;
  private FakeQemu qemu;
  private QmpClient client;

  @BeforeEach
  void connect() {
    qemu =
        FakeQemu.listenIn(directory)
            .returning("query-status", "{\"running\": true, \"status\": \"running\"}")
            .returning("query-name", "{\"name\": \"n\"}");
    client = QmpClient.connect(qemu.socket());
    warmUp();
  }

  @AfterEach
  void close() {
    client.close();
    qemu.close();
  }

  /** After these the reader stands back. */
  private void warmUp() {
    for (int i = 0; i < 5; i++) {
      client.execute(new QueryStatus());
    }
  }

  @Test
  void silence_afterCloseCalls_timesOutAndDropsTheLateReply() {
    qemu.silentOn("stop");
    for (int i = 0; i < 3; i++) {
      warmUp();
      assertThatThrownBy(() -> client.execute(new Stop(), Duration.ofMillis(50)))
          .isInstanceOf(QmpTimeoutException.class);
    }
    qemu.requests().stream()
        .filter(request -> request.toJson().contains("\"stop\""))
        .forEach(request -> qemu.session().reply(request, "{}"));
    assertThat(client.execute(new QueryName()).name()).isEqualTo("n");
    assertThat(client.statistics().lateReplies()).isEqualTo(3);
  }

  @Test
  void event_afterCloseCalls_isDeliveredThoughNobodyCalls() {
    try (EventQueue<QmpEvent> events = client.subscribe(QmpEvent.class)) {
      for (int i = 0; i < 50; i++) {
        warmUp();
        qemu.session().event("STOP", "{}");
        assertThat(events.take(SECONDS).eventName()).isEqualTo("STOP");
      }
    }
  }

  @Test
  void hangUp_afterCloseCalls_isNoticed() {
    qemu.answering("stop", (to, request) -> to.hangUp());
    assertThatThrownBy(() -> client.execute(new Stop())).isInstanceOf(QmpClosedException.class);
    assertThat(client.isOpen()).isFalse();
  }

  @Test
  void garbage_afterCloseCalls_endsTheSession() {
    qemu.answering("stop", (to, request) -> to.send("garbage\r\n"));
    assertThatThrownBy(() -> client.execute(new Stop())).isInstanceOf(QmpProtocolException.class);
    assertThat(client.isOpen()).isFalse();
  }

  @Test
  void interrupt_afterCloseCalls_endsTheWait() throws Exception {
    qemu.silentOn("stop");
    CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
    Thread caller =
        new Thread(
            () -> {
              warmUp();
              try {
                client.execute(new Stop(), SECONDS);
              } catch (QmpInterruptedException e) {
                interrupted.complete(Thread.currentThread().isInterrupted());
              }
            });
    caller.start();
    while (!qemu.commands().contains("stop")) {
      TimeUnit.MILLISECONDS.sleep(1);
    }
    caller.interrupt();
    assertThat(interrupted.get(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void threads_mixingAllKindsOfCalls_getTheirOwnReplies() throws Exception {
    qemu.returning("echo", arguments -> arguments.toJson());
    List<CompletableFuture<Void>> threads = new ArrayList<>();
    for (int thread = 0; thread < 4; thread++) {
      int number = thread;
      threads.add(CompletableFuture.runAsync(() -> mix(number)));
    }
    for (CompletableFuture<Void> each : threads) {
      each.get(50, TimeUnit.SECONDS);
    }
    assertThat(client.statistics().lateReplies()).isZero();
    assertThat(client.statistics().unknownReplies()).isZero();
  }

  private void mix(int thread) {
    for (int i = 0; i < 300; i++) {
      String arguments = "{\"n\":" + (thread * 1000 + i) + "}";
      QmpCommand<JsonValue> echo = QmpClient.command("echo", JsonObject.parse(arguments));
      switch (i % 3) {
        case 0 -> assertThat(client.execute(echo).toJson()).isEqualTo(arguments);
        case 1 -> assertThat(client.executeAsync(echo).join().toJson()).isEqualTo(arguments);
        default ->
            assertThat(client.executeAll(List.of(echo, echo), SECONDS))
                .allSatisfy(value -> assertThat(value.toJson()).isEqualTo(arguments));
      }
      if (i % 50 == thread) {
        qemu.session().event("STOP", "{}");
      }
    }
  }
}
