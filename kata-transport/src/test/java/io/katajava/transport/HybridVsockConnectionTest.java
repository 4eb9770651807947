package io.katajava.transport;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.transport.testing.ExactRead;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HybridVsockConnectionTest extends ConnectionContract {
  @SuppressWarnings("NullAway.Init")
  private UnixSocketListener monitor;

  @Override
  Pair open() throws Exception {
    monitor = UnixSocketListener.listen(directory.resolve("m"));
    CompletableFuture<Connection> accepted = serve("OK 1073741824\n");
    Connection client = HybridVsockConnection.connect(monitor.path(), 1024, SOON);
    return new Pair(client, accepted.get(30, TimeUnit.SECONDS));
  }

  @AfterEach
  void stop() {
    monitor.close();
  }

  /** A monitor that wants to hear the request and answers like this. */
  private CompletableFuture<Connection> serve(String answer) {
    return async(
        () -> {
          Connection connection = monitor.accept();
          byte[] request = ExactRead.of(connection, "CONNECT 1024\n".length());
          assertThat(new String(request, US_ASCII)).isEqualTo("CONNECT 1024\n");
          connection.write(ByteBuffer.wrap(answer.getBytes(US_ASCII)));
          return connection;
        });
  }

  @Test
  void bytes_rightAfterTheAnswer_belongToTheStream() throws Exception {
    CompletableFuture<Connection> accepted = serve("OK 5\nhello");
    try (Connection client = HybridVsockConnection.connect(monitor.path(), 1024, SOON)) {
      assertThat(new String(ExactRead.of(client, 5), US_ASCII)).isEqualTo("hello");
      assertThat(client.describe()).isEqualTo("hvsock://" + monitor.path() + ":1024");
      accepted.get(30, TimeUnit.SECONDS).close();
    }
  }

  @ParameterizedTest
  @CsvSource({"NO,instead of OK", "FAILURE \u0007,instead of OK"})
  void connect_refused_saysWhatCame(String answer, String part) throws Exception {
    CompletableFuture<Connection> accepted = serve(answer + "\n");
    assertThatThrownBy(() -> HybridVsockConnection.connect(monitor.path(), 1024, SOON))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(part)
        .hasMessageNotContaining("\u0007");
    accepted.get(30, TimeUnit.SECONDS).close();
  }

  @Test
  void connect_endlessAnswer_isGivenUp() throws Exception {
    CompletableFuture<Connection> accepted = serve("O".repeat(1000));
    assertThatThrownBy(() -> HybridVsockConnection.connect(monitor.path(), 1024, SOON))
        .hasMessageContaining("longer than 128 bytes");
    accepted.get(30, TimeUnit.SECONDS).close();
  }

  @Test
  void connect_monitorHangsUp_saysThatNobodyListens() throws Exception {
    CompletableFuture<Boolean> accepted =
        async(
            () -> {
              Connection connection = monitor.accept();
              ExactRead.of(connection, 13);
              connection.close();
              return true;
            });
    assertThatThrownBy(() -> HybridVsockConnection.connect(monitor.path(), 1024, SOON))
        .hasMessageContaining("nobody listens on the port");
    accepted.get(30, TimeUnit.SECONDS);
  }

  @Test
  void connect_silentMonitor_endsAtTheTimeout() throws Exception {
    CompletableFuture<Connection> accepted = serve("");
    assertThatThrownBy(
            () -> HybridVsockConnection.connect(monitor.path(), 1024, Duration.ofMillis(200)))
        .hasMessageContaining("no answer within 200 ms");
    accepted.get(30, TimeUnit.SECONDS).close();
  }
}
