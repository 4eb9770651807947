package io.katajava.qmp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.qmp.command.Quit;
import io.katajava.qmp.command.Stop;
import io.katajava.qmp.event.DeviceDeletedEvent;
import io.katajava.qmp.event.RtcChangeEvent;
import io.katajava.qmp.event.ShutdownEvent;
import io.katajava.qmp.testing.FakeQemu;
import io.katajava.qmp.type.ShutdownCause;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class EventQueueTest {
  private static final Duration SECONDS = Duration.ofSeconds(10);
  private static final Duration SHORT = Duration.ofMillis(100);

  @TempDir Path directory;
  private FakeQemu qemu;

  @BeforeEach
  void listen() {
    qemu = FakeQemu.listenIn(directory).returning("stop", "{}");
  }

  @AfterEach
  void hangUp() {
    qemu.close();
  }

  @Test
  void take_eventBeforeReply_isThereWhenTheReplyIs() {
    qemu.answering(
        "quit",
        (to, request) -> {
          to.event("SHUTDOWN", "{\"guest\": false, \"reason\": \"host-qmp-quit\"}");
          to.reply(request, "{}");
        });
    try (QmpClient client = QmpClient.connect(qemu.socket());
        EventQueue<ShutdownEvent> events = client.subscribe(ShutdownEvent.class)) {
      client.execute(new Quit());
      ShutdownEvent event = Objects.requireNonNull(events.poll());
      assertThat(event.reason()).isEqualTo(ShutdownCause.HOST_QMP_QUIT);
      assertThat(event.timestamp()).isEqualTo(Instant.ofEpochSecond(1700000000, 250_000_000));
    }
  }

  @Test
  void take_otherKinds_areNotSeen() {
    try (QmpClient client = QmpClient.connect(qemu.socket());
        EventQueue<DeviceDeletedEvent> events =
            client.subscribe(DeviceDeletedEvent.class, e -> "net0".equals(e.device()))) {
      qemu.session().event("STOP", "{}");
      qemu.session().event("DEVICE_DELETED", "{\"device\": \"net1\", \"path\": \"/a\"}");
      qemu.session().event("DEVICE_DELETED", "{\"device\": \"net0\", \"path\": \"/b\"}");
      assertThat(events.take(SECONDS).path()).isEqualTo("/b");
      assertThatThrownBy(() -> events.take(SHORT)).isInstanceOf(QmpTimeoutException.class);
    }
  }

  @Test
  void subscribe_unknownAndAll_deliversThem() {
    try (QmpClient client = QmpClient.connect(qemu.socket());
        EventQueue<UnknownEvent> unknown = client.subscribe(UnknownEvent.class);
        EventQueue<QmpEvent> all = client.subscribe(QmpEvent.class);
        EventQueue<QmpEvent> named = client.subscribeTo("NEW_THING", "STOP")) {
      qemu.session().event("RESUME", "{}");
      qemu.session().event("NEW_THING", "{\"x\": 1}");
      assertThat(unknown.take(SECONDS).data().toJson()).isEqualTo("{\"x\":1}");
      assertThat(all.take(SECONDS).eventName()).isEqualTo("RESUME");
      assertThat(named.take(SECONDS).eventName()).isEqualTo("NEW_THING");
    }
  }

  @Test
  void subscribe_classOfTheUser_isRefused() {
    record Mine(String eventName, Instant timestamp, io.katajava.json.JsonObject toJson)
        implements QmpEvent {}
    try (QmpClient client = QmpClient.connect(qemu.socket())) {
      assertThatThrownBy(() -> client.subscribe(Mine.class))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void take_malformedData_throwsAndGoesOn() {
    try (QmpClient client = QmpClient.connect(qemu.socket());
        EventQueue<ShutdownEvent> events = client.subscribe(ShutdownEvent.class)) {
      qemu.session().event("SHUTDOWN", "{\"guest\": 7, \"reason\": \"guest-shutdown\"}");
      qemu.session().event("SHUTDOWN", "{\"guest\": true, \"reason\": \"guest-shutdown\"}");
      assertThatThrownBy(() -> events.take(SECONDS))
          .isInstanceOf(QmpProtocolException.class)
          .hasMessageContaining("SHUTDOWN.guest should be a boolean");
      assertThat(events.take(SECONDS).guest()).isTrue();
    }
  }

  @Test
  void overflow_rateLimitedKind_dropsTheOldestOfThem() {
    QmpOptions options = QmpOptions.builder().eventCapacity(4).build();
    try (QmpClient client = QmpClient.connect(qemu.socket(), options);
        EventQueue<QmpEvent> events = client.subscribe(QmpEvent.class)) {
      qemu.session().event("STOP", "{}");
      for (int i = 0; i < 1000; i++) {
        qemu.session().event("RTC_CHANGE", "{\"offset\": " + i + ", \"qom-path\": \"/rtc\"}");
      }
      qemu.session().event("RESUME", "{}");
      client.execute(new Stop());
      assertThat(events.dropped()).isEqualTo(998);
      assertThat(events.take(SECONDS).eventName()).isEqualTo("STOP");
      assertThat(events.take(SECONDS))
          .isInstanceOfSatisfying(
              RtcChangeEvent.class, rtc -> assertThat(rtc.offset()).isEqualTo(998));
      assertThat(events.take(SECONDS)).isInstanceOf(RtcChangeEvent.class);
      assertThat(events.take(SECONDS).eventName()).isEqualTo("RESUME");
    }
  }

  @Test
  void overflow_lifecycleKinds_endsTheSubscriptionButNotTheSession() {
    QmpOptions options = QmpOptions.builder().eventCapacity(2).build();
    try (QmpClient client = QmpClient.connect(qemu.socket(), options);
        EventQueue<QmpEvent> events = client.subscribe(QmpEvent.class)) {
      for (int i = 0; i < 5; i++) {
        qemu.session().event("STOP", "{}");
      }
      client.execute(new Stop());
      events.take(SECONDS);
      events.take(SECONDS);
      assertThatThrownBy(() -> events.take(SECONDS))
          .isInstanceOf(QmpClosedException.class)
          .hasMessageContaining("2 events were not taken in time");
    }
  }

  @Test
  void overflow_ofBytes_endsTheSubscriptionLongBeforeTheCount() {
    String megabyte = "x".repeat(1 << 20);
    try (QmpClient client = QmpClient.connect(qemu.socket());
        EventQueue<QmpEvent> events = client.subscribe(QmpEvent.class)) {
      for (int i = 0; i < 20; i++) {
        qemu.session().event("NEW_THING", "{\"text\": \"" + megabyte + "\"}");
      }
      client.execute(new Stop());
      int kept = 0;
      try {
        while (true) {
          events.take(SECONDS);
          kept++;
        }
      } catch (QmpClosedException e) {
        assertThat(e).hasMessageContaining("were not taken in time");
      }
      // JSON as objects is taken to cost four times its text.
      assertThat(kept).isEqualTo(3);
    }
  }

  @Test
  void take_sessionEnds_isWokenAndGoesOnAfterReconnect() {
    try (QmpClient client = QmpClient.connect(qemu.socket());
        EventQueue<QmpEvent> events = client.subscribe(QmpEvent.class)) {
      qemu.session().event("STOP", "{}");
      client.execute(new Stop());
      qemu.session().hangUp();
      assertThat(events.take(SECONDS).eventName()).isEqualTo("STOP");
      assertThatThrownBy(() -> events.take(SECONDS)).isInstanceOf(QmpClosedException.class);
      client.reconnect();
      qemu.session().event("RESUME", "{}");
      assertThat(events.take(SECONDS).eventName()).isEqualTo("RESUME");
    }
  }

  /**
   * The end of the old session is told by its reader, at any time before or after the new begin.
   */
  @Test
  void reconnect_whileThePeerHangsUp_neverEndsTheSubscription() {
    try (QmpClient client = QmpClient.connect(qemu.socket());
        EventQueue<QmpEvent> events = client.subscribe(QmpEvent.class)) {
      for (int i = 0; i < 200; i++) {
        qemu.session().hangUp();
        client.reconnect();
        qemu.session().event("RESUME", "{}");
        assertThat(events.take(SECONDS).eventName()).isEqualTo("RESUME");
      }
    }
  }

  @Test
  void close_someoneWaits_wakesIt() throws Exception {
    try (QmpClient client = QmpClient.connect(qemu.socket())) {
      EventQueue<QmpEvent> events = client.subscribe(QmpEvent.class);
      CompletableFuture<Throwable> woken = new CompletableFuture<>();
      Thread waiter =
          new Thread(
              () -> {
                try {
                  events.take(SECONDS);
                } catch (QmpException e) {
                  woken.complete(e);
                }
              });
      waiter.start();
      events.close();
      assertThat(woken.get()).isInstanceOf(QmpClosedException.class);
      waiter.join();
    }
  }

  @Test
  void awaitEvent_conditionOfTheUser_runsOffTheReader() {
    try (QmpClient client = QmpClient.connect(qemu.socket())) {
      CompletableFuture<String> thread = new CompletableFuture<>();
      CompletableFuture<RtcChangeEvent> event =
          client.awaitEvent(
              RtcChangeEvent.class,
              e -> {
                thread.complete(Thread.currentThread().getName());
                return e.offset() == 42;
              },
              SECONDS);
      for (int i = 0; i < 43; i++) {
        qemu.session().event("RTC_CHANGE", "{\"offset\": " + i + ", \"qom-path\": \"/rtc\"}");
      }
      assertThat(event.join().offset()).isEqualTo(42);
      assertThat(thread.join()).doesNotContain("reader");
    }
  }

  @Test
  void awaitEvent_noneComes_failsInTime() {
    try (QmpClient client = QmpClient.connect(qemu.socket())) {
      assertThatThrownBy(() -> client.awaitEvent(ShutdownEvent.class, e -> true, SHORT).join())
          .hasCauseInstanceOf(QmpTimeoutException.class);
    }
  }
}
