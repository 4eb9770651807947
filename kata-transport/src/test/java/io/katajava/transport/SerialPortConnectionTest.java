package io.katajava.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.transport.testing.ExactRead;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The host's end of a port; the test is QEMU and the guest's agent. */
class SerialPortConnectionTest extends ConnectionContract {
  @SuppressWarnings("NullAway.Init")
  private UnixSocketListener port;

  @Override
  Pair open() throws Exception {
    port = UnixSocketListener.listen(directory.resolve("p"));
    CompletableFuture<Connection> guest = async(() -> answer(port.accept()));
    Connection client = SerialPortConnection.awaitBoot(port.path(), SOON);
    return new Pair(client, guest.get(30, TimeUnit.SECONDS));
  }

  @AfterEach
  void stop() {
    port.close();
  }

  private static byte[] hello(Connection guest) throws IOException {
    byte[] hello = ExactRead.of(guest, SyncFrame.SIZE);
    byte[] nonce = Arrays.copyOfRange(hello, SyncFrame.SIZE - 16, SyncFrame.SIZE);
    assertThat(hello).isEqualTo(SyncFrame.encode(SyncFrame.HELLO, nonce));
    return nonce;
  }

  private static Connection answer(Connection guest) throws IOException {
    guest.write(ByteBuffer.wrap(SyncFrame.encode(SyncFrame.ANSWER, hello(guest))));
    return guest;
  }

  @Test
  void staleBytes_evenAnAnswerToAnotherHello_areThrownAway() throws Exception {
    CompletableFuture<Connection> guest =
        async(
            () -> {
              Connection connection = port.accept();
              byte[] nonce = hello(connection);
              byte[] answer = SyncFrame.encode(SyncFrame.ANSWER, nonce);
              byte[] other = SyncFrame.encode(SyncFrame.ANSWER, new byte[16]);
              connection.write(
                  ByteBuffer.allocate(100_000),
                  ByteBuffer.wrap(other),
                  ByteBuffer.wrap(answer, 0, 30),
                  ByteBuffer.wrap(answer, 0, 20));
              connection.write(ByteBuffer.wrap(answer, 20, 22), ByteBuffer.wrap(new byte[] {42}));
              return connection;
            });
    // A broken-off answer followed by a part of itself is not the answer.
    CompletableFuture<SerialPortConnection> client =
        async(() -> SerialPortConnection.awaitBoot(port.path(), SOON));
    Connection peer = guest.get(30, TimeUnit.SECONDS);
    try (Connection connected = client.get(30, TimeUnit.SECONDS)) {
      assertThat(ExactRead.of(connected, 1)).containsExactly(42);
    }
    peer.close();
  }

  @Test
  void bytes_rightAfterTheAnswer_belongToTheStream() throws Exception {
    CompletableFuture<Connection> guest =
        async(
            () -> {
              Connection connection = port.accept();
              byte[] answer = SyncFrame.encode(SyncFrame.ANSWER, hello(connection));
              ByteBuffer both = ByteBuffer.allocate(answer.length + 3).put(answer);
              connection.write(both.put(new byte[] {1, 2, 3}).flip());
              return connection;
            });
    try (Connection client = SerialPortConnection.awaitBoot(port.path(), SOON)) {
      assertThat(ExactRead.of(client, 3)).containsExactly(1, 2, 3);
      guest.get(30, TimeUnit.SECONDS).close();
    }
  }

  @Test
  void resume_guestSilentAtFirst_hangsUpAndTriesAgain() throws Exception {
    CompletableFuture<Connection> guest =
        async(
            () -> {
              Connection stuck = port.accept();
              hello(stuck);
              // The host gives this connection up; a real agent sees that and starts anew.
              assertThat(stuck.read(ByteBuffer.allocateDirect(1))).isEqualTo(-1);
              stuck.close();
              return answer(port.accept());
            });
    try (Connection client = SerialPortConnection.resume(port.path(), SOON)) {
      client.write(ByteBuffer.wrap(new byte[] {9}));
      Connection connected = guest.get(30, TimeUnit.SECONDS);
      assertThat(ExactRead.of(connected, 1)).containsExactly(9);
      connected.close();
    }
  }

  @Test
  void awaitBoot_guestNeverAnswers_endsAtTheTimeout() throws Exception {
    CompletableFuture<Connection> guest = async(port::accept);
    assertThatThrownBy(() -> SerialPortConnection.awaitBoot(port.path(), Duration.ofMillis(200)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("waiting for the guest's agent on serial://")
        .hasMessageContaining("no answer within 200 ms");
    guest.get(30, TimeUnit.SECONDS).close();
  }

  @Test
  void awaitBoot_qemuEnds_saysSo() throws Exception {
    CompletableFuture<Boolean> guest =
        async(
            () -> {
              port.accept().close();
              return true;
            });
    assertThatThrownBy(() -> SerialPortConnection.awaitBoot(port.path(), SOON))
        .hasMessageContaining("waiting for the guest's agent");
    guest.get(30, TimeUnit.SECONDS);
  }
}
