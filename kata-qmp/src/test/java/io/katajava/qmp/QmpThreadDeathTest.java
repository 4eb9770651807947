package io.katajava.qmp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.qmp.command.QueryStatus;
import io.katajava.qmp.command.Stop;
import io.katajava.qmp.testing.FakeQemu;
import io.katajava.transport.Connection;
import io.katajava.transport.UnixSocketConnection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whatever ends a thread of the client: those who wait hear of it long before their time is up. */
@Timeout(60)
@SuppressWarnings("NullAway.Init")
class QmpThreadDeathTest {
  private static final Duration LONG = Duration.ofMinutes(10);

  @TempDir Path directory;
  private FakeQemu qemu;

  @BeforeEach
  void listen() {
    qemu =
        FakeQemu.listenIn(directory)
            .returning("query-status", "{\"running\": true, \"status\": \"running\"}")
            .silentOn("stop");
  }

  @AfterEach
  void hangUp() {
    qemu.close();
  }

  /** A connection that throws when it is told to. */
  private record Dying(Connection real, Fault onRead, Fault onWrite) implements Connection {
    private static final class Fault {
      volatile @Nullable Supplier<Error> error;

      void strike() {
        Supplier<Error> struck = error;
        if (struck != null) {
          throw struck.get();
        }
      }
    }

    @Override
    public int read(ByteBuffer destination) throws IOException {
      int count = real.read(destination);
      onRead.strike();
      return count;
    }

    @Override
    public boolean awaitReadable(int millis) throws IOException {
      return real.awaitReadable(millis);
    }

    @Override
    public void write(ByteBuffer... sources) throws IOException {
      onWrite.strike();
      real.write(sources);
    }

    @Override
    public int writeAvailable(ByteBuffer source) throws IOException {
      return onWrite.error == null ? real.writeAvailable(source) : 0;
    }

    @Override
    public void close() {
      real.close();
    }

    @Override
    public String describe() {
      return real.describe();
    }
  }

  private Dying connection() throws IOException {
    return new Dying(
        UnixSocketConnection.connect(qemu.socket(), Duration.ofSeconds(10)),
        new Dying.Fault(),
        new Dying.Fault());
  }

  @Test
  void reader_thatDies_wakesCallsAndSubscribers() throws Exception {
    Dying connection = connection();
    try (QmpClient client = QmpClient.over(connection, QmpOptions.defaults());
        EventQueue<QmpEvent> events = client.subscribe(QmpEvent.class)) {
      CompletableFuture<?> call = client.executeAsync(new Stop(), LONG);
      CompletableFuture<?> blocked =
          CompletableFuture.runAsync(() -> client.execute(new Stop(), LONG));
      connection.onRead().error = () -> new StackOverflowError("as if");
      qemu.session().event("RESUME", "{}");

      assertThatThrownBy(() -> call.get(10, TimeUnit.SECONDS))
          .hasCauseInstanceOf(QmpClosedException.class);
      assertThatThrownBy(() -> blocked.get(10, TimeUnit.SECONDS))
          .hasCauseInstanceOf(QmpClosedException.class);
      assertThatThrownBy(() -> events.take(Duration.ofSeconds(10)))
          .isInstanceOf(QmpClosedException.class);
      assertThat(client.isOpen()).isFalse();
    }
  }

  @Test
  void writersThread_thatDies_wakesCalls() throws Exception {
    Dying connection = connection();
    try (QmpClient client = QmpClient.over(connection, QmpOptions.defaults())) {
      CompletableFuture<?> before = client.executeAsync(new Stop(), LONG);
      connection.onWrite().error = () -> new OutOfMemoryError("as if");
      CompletableFuture<?> call = client.executeAsync(new QueryStatus(), LONG);

      assertThatThrownBy(() -> call.get(10, TimeUnit.SECONDS))
          .hasCauseInstanceOf(QmpClosedException.class);
      assertThatThrownBy(() -> before.get(10, TimeUnit.SECONDS))
          .hasCauseInstanceOf(QmpClosedException.class);
    }
  }

  @Test
  void executor_thatHasNoThread_losesNoReply() throws Exception {
    QmpOptions options =
        QmpOptions.builder()
            .callbackExecutor(
                task -> {
                  throw new OutOfMemoryError("unable to create native thread, as if");
                })
            .build();
    try (QmpClient client = QmpClient.connect(qemu.socket(), options)) {
      assertThat(client.executeAsync(new QueryStatus(), LONG).get(10, TimeUnit.SECONDS).running())
          .isTrue();
    }
  }
}
