package io.katajava.agent;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.agent.testing.FakeAgent;
import io.katajava.transport.Connection;
import io.katajava.transport.TcpConnection;
import io.katajava.transport.UnixSocketListener;
import io.katajava.transport.testing.ExactRead;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The typed client through each way there is to an agent, chosen by its address. */
@Timeout(60)
class AgentOverTransportTest {
  private static final int SYNC_FRAME_BYTES = 42;
  private static final int SYNC_FRAME_TYPE_AT = 8;
  private static final byte SYNC_ANSWER = 0x11;
  private static final String FILE = "/run/kata-containers/shared/containers/file";

  /** Something that ends with an accepted connection. */
  interface Accepting {
    Connection accept() throws IOException;
  }

  @TempDir Path directory;
  private FakeAgent agent;
  private UnixSocketListener listener;

  @BeforeEach
  void start() throws IOException {
    agent = FakeAgent.listenIn(directory);
    listener = UnixSocketListener.listen(directory.resolve("l"));
  }

  @AfterEach
  void stop() {
    listener.close();
    agent.close();
  }

  private CompletableFuture<Boolean> serve(Accepting accepting) {
    CompletableFuture<Boolean> served = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                agent.serve(accepting.accept());
                served.complete(true);
              } catch (IOException e) {
                served.completeExceptionally(e);
              }
            });
    thread.start();
    return served;
  }

  private static AgentClientOptions options() {
    return AgentClientOptions.builder().connectTimeout(Duration.ofSeconds(20)).build();
  }

  /** A small call, and one as large as chunks are. */
  private void use(AgentAddress address) {
    try (AgentClient client = AgentClient.connect(address, options())) {
      assertThat(client.check()).isEqualTo(HealthStatus.SERVING);
      byte[] data = new byte[1 << 20];
      Arrays.fill(data, (byte) 7);
      client
          .files()
          .copy(
              new FileChunk(
                  FILE,
                  data.length,
                  FileChunk.REGULAR | 0644,
                  0755,
                  0,
                  0,
                  0,
                  ByteBuffer.wrap(data)));
      assertThat(agent.guest().files().get(FILE)).isEqualTo(data);
    }
  }

  @Test
  void unixSocket_isUsed() {
    use(agent.address());
  }

  @Test
  void tcp_isUsed() throws Exception {
    try (ServerSocket socket = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      CompletableFuture<Boolean> served = serve(() -> TcpConnection.accepted(socket.accept()));
      use(AgentAddress.parse("tcp://127.0.0.1:" + socket.getLocalPort()));
      assertThat(served.get(20, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void hybridVsock_isUsedAndTriedAgainWhileTheGuestBoots() throws Exception {
    CompletableFuture<Boolean> served =
        serve(
            () -> {
              // At first nobody listens in the guest: the monitor hangs up.
              Connection early = listener.accept();
              ExactRead.of(early, "CONNECT 1024\n".length());
              early.close();
              Connection connection = listener.accept();
              ExactRead.of(connection, "CONNECT 1024\n".length());
              connection.write(ByteBuffer.wrap("OK 1\n".getBytes(US_ASCII)));
              return connection;
            });
    use(AgentAddress.parse("hvsock://" + listener.path() + ":1024"));
    assertThat(served.get(20, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void serialPort_isUsed() throws Exception {
    CompletableFuture<Boolean> served =
        serve(
            () -> {
              Connection connection = listener.accept();
              connection.write(ByteBuffer.wrap(answer(ExactRead.of(connection, SYNC_FRAME_BYTES))));
              return connection;
            });
    use(AgentAddress.parse("serial://" + listener.path()));
    assertThat(served.get(20, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void serialPort_cutAtEachByteOfTheAnswer_isRefusedEachTime() throws Exception {
    for (int length = 0; length < SYNC_FRAME_BYTES; length++) {
      int part = length;
      Thread guest =
          new Thread(
              () -> {
                try (Connection connection = listener.accept()) {
                  byte[] hello = ExactRead.of(connection, SYNC_FRAME_BYTES);
                  connection.write(ByteBuffer.wrap(answer(hello), 0, part));
                } catch (IOException e) {
                  throw new java.io.UncheckedIOException(e);
                }
              });
      guest.start();
      assertThatThrownBy(
              () -> AgentClient.connect(new AgentAddress.SerialPort(listener.path()), options()))
          .isInstanceOf(AgentException.class)
          .hasMessageContaining("closed before the guest answered");
      guest.join();
    }
  }

  /** What a guest says to a hello: the same frame, of another type. */
  private static byte[] answer(byte[] hello) {
    byte[] answer = hello.clone();
    answer[SYNC_FRAME_TYPE_AT] = SYNC_ANSWER;
    return answer;
  }
}
