package io.katajava.qmp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.qmp.command.QueryStatus;
import io.katajava.qmp.command.Stop;
import io.katajava.qmp.testing.FakeQemu;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class QmpObserverTest {
  @TempDir Path directory;
  private FakeQemu qemu;
  private final Notes notes = new Notes();
  private QmpClient client;

  private static final class Notes implements QmpObserver {
    private final BlockingQueue<String> told = new LinkedBlockingQueue<>();

    @Override
    public @Nullable Object begin(String command) {
      told.add("begin " + command);
      return command;
    }

    @Override
    public void end(
        @Nullable Object call, String command, long nanos, @Nullable Throwable failure) {
      assertThat(call).isEqualTo(command);
      assertThat(nanos).isPositive();
      told.add(
          "end " + command + " " + (failure == null ? "ok" : failure.getClass().getSimpleName()));
    }

    String next() throws InterruptedException {
      return String.valueOf(told.poll(30, TimeUnit.SECONDS));
    }
  }

  @BeforeEach
  void connect() throws Exception {
    qemu =
        FakeQemu.listenIn(directory)
            .returning("query-status", "{\"running\": true, \"status\": \"running\"}")
            .failing("stop", "GenericError", "no");
    client = QmpClient.connect(qemu.socket(), QmpOptions.builder().observer(notes).build());
    assertThat(notes.next()).isEqualTo("begin qmp_capabilities");
    assertThat(notes.next()).isEqualTo("end qmp_capabilities ok");
  }

  @AfterEach
  void close() {
    client.close();
    qemu.close();
  }

  @Test
  void execute_answeredAndRefused_endsWithWhatCameOfIt() throws Exception {
    client.execute(new QueryStatus());
    assertThat(notes.next()).isEqualTo("begin query-status");
    assertThat(notes.next()).isEqualTo("end query-status ok");
    assertThatThrownBy(() -> client.execute(new Stop())).isInstanceOf(QmpCommandException.class);
    assertThat(notes.next()).isEqualTo("begin stop");
    assertThat(notes.next()).isEqualTo("end stop QmpCommandException");
  }

  @Test
  void executeAsync_answered_ends() throws Exception {
    client.executeAsync(new QueryStatus()).get(30, TimeUnit.SECONDS);
    assertThat(notes.next()).isEqualTo("begin query-status");
    assertThat(notes.next()).isEqualTo("end query-status ok");
  }

  @Test
  void executeAll_sessionLost_endsEveryOneOnce() throws Exception {
    qemu.silentOn("query-status");
    Thread hangUp =
        new Thread(
            () -> {
              while (qemu.commands().stream().filter("query-status"::equals).count() < 2) {
                Thread.onSpinWait();
              }
              qemu.close();
            });
    hangUp.start();
    assertThatThrownBy(
            () ->
                client.executeAll(
                    List.of(new QueryStatus(), new QueryStatus()), Duration.ofSeconds(30)))
        .isInstanceOf(QmpClosedException.class);
    hangUp.join();
    assertThat(List.of(notes.next(), notes.next(), notes.next(), notes.next()))
        .containsExactly(
            "begin query-status",
            "begin query-status",
            "end query-status QmpClosedException",
            "end query-status QmpClosedException");
    assertThat(notes.told).isEmpty();
  }
}
