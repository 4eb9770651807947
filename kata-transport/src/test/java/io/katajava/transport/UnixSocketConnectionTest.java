package io.katajava.transport;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class UnixSocketConnectionTest {
  private static final Duration SOON = Duration.ofSeconds(5);

  @TempDir Path directory;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private UnixSocketListener listener;
  private UnixSocketConnection client;
  private UnixSocketConnection server;

  @BeforeEach
  void connect() throws Exception {
    listener = UnixSocketListener.listen(directory.resolve("s"));
    CompletableFuture<UnixSocketConnection> accepted = async(listener::accept);
    client = UnixSocketConnection.connect(listener.path(), SOON);
    server = accepted.get(5, TimeUnit.SECONDS);
  }

  @AfterEach
  void close() throws Exception {
    client.close();
    server.close();
    listener.close();
    threads.shutdown();
    assertThat(threads.awaitTermination(5, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void write_manyBuffersOfEachKind_arriveInOrder() throws Exception {
    byte[] sent = new byte[1_000_000];
    new Random(1).nextBytes(sent);
    CompletableFuture<byte[]> received = async(() -> readFully(server, sent.length));
    ByteBuffer direct = ByteBuffer.allocateDirect(300_000).put(sent, 100, 300_000).flip();
    client.write(
        ByteBuffer.wrap(sent, 0, 100),
        direct,
        ByteBuffer.wrap(sent, 300_100, 699_900).slice(),
        ByteBuffer.allocate(0));
    assertThat(received.get(10, TimeUnit.SECONDS)).isEqualTo(sent);
    assertThat(direct.hasRemaining()).isFalse();
  }

  @Test
  void read_afterPeerClosed_isEndOfStream() throws Exception {
    server.close();
    assertThat(client.read(ByteBuffer.allocate(1))).isEqualTo(-1);
  }

  @Test
  void close_wakesBlockedReader() throws Exception {
    CompletableFuture<Integer> read = async(() -> client.read(ByteBuffer.allocateDirect(1)));
    Thread.sleep(50);
    client.close();
    assertThatThrownBy(() -> read.get(2, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(ConnectionClosedException.class);
  }

  @Test
  void close_wakesBlockedWriter() throws Exception {
    CompletableFuture<Void> write =
        async(
            () -> {
              client.write(ByteBuffer.allocate(8 << 20));
              return null;
            });
    Thread.sleep(50);
    client.close();
    client.close();
    assertThatThrownBy(() -> write.get(2, TimeUnit.SECONDS))
        .hasCauseInstanceOf(ConnectionClosedException.class);
  }

  @Test
  void writeAvailable_peerDoesNotRead_returnsWithTheRest() throws Exception {
    ByteBuffer heap = ByteBuffer.allocate(8 << 20);
    assertThat(client.writeAvailable(heap)).isBetween(1, (8 << 20) - 1);
    assertThat(client.writeAvailable(heap)).isZero();
    ByteBuffer direct = ByteBuffer.allocateDirect(10);
    assertThat(client.writeAvailable(direct)).isZero();
  }

  @Test
  void write_afterPeerClosed_fails() throws Exception {
    server.close();
    assertThatThrownBy(() -> client.write(ByteBuffer.allocate(1)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("writing to unix://")
        .hasMessageContaining("Broken pipe");
  }

  @Test
  void use_afterClose_saysClosedOnThisSide() {
    client.close();
    assertThatThrownBy(() -> client.read(ByteBuffer.allocate(1)))
        .isInstanceOf(ConnectionClosedException.class);
    assertThatThrownBy(() -> client.write(ByteBuffer.allocate(1)))
        .isInstanceOf(ConnectionClosedException.class);
    assertThatThrownBy(() -> client.peer()).isInstanceOf(ConnectionClosedException.class);
  }

  @Test
  void interrupt_ofWriter_keepsConnection() throws Exception {
    Thread.currentThread().interrupt();
    client.write(ByteBuffer.wrap("x".getBytes(UTF_8)));
    assertThat(Thread.interrupted()).isTrue();
    assertThat(readFully(server, 1)).containsExactly('x');
  }

  @Test
  void peer_isThisProcess() throws Exception {
    assertThat((long) client.peer().pid()).isEqualTo(ProcessHandle.current().pid());
    assertThat((long) server.peer().pid()).isEqualTo(ProcessHandle.current().pid());
  }

  @Test
  void sendWithDescriptors_movesDataAndDescriptors() throws Exception {
    client.sendWithDescriptors(ByteBuffer.wrap("hello".getBytes(UTF_8)), client.fd(), 0);
    assertThat(readFully(server, 5)).isEqualTo("hello".getBytes(UTF_8));
    assertThatThrownBy(
            () -> client.sendWithDescriptors(ByteBuffer.wrap(new byte[] {1}), Integer.MAX_VALUE))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("Bad file descriptor");
  }

  @Test
  void connect_missingSocket_saysSo() {
    Path missing = directory.resolve("missing");
    assertThatThrownBy(() -> UnixSocketConnection.connect(missing, SOON))
        .isInstanceOf(IOException.class)
        .hasMessage("connecting to " + missing + ": the socket does not exist");
  }

  @Test
  void connect_nobodyListens_saysSo() throws Exception {
    Path file = Files.createFile(directory.resolve("file"));
    assertThatThrownBy(() -> UnixSocketConnection.connect(file, SOON))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("nobody listens on it");
  }

  @Test
  void connect_pathTooLong_namesTheLimit() {
    Path path = Path.of("/" + "x".repeat(107));
    assertThatThrownBy(() -> UnixSocketConnection.connect(path, SOON))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("1 to 107 bytes")
        .hasMessageContaining("has 108");
  }

  @Test
  void connect_pathThatIsNotAscii_isCountedInBytesAndReached() throws Exception {
    int room = UnixSocketConnection.MAX_PATH_BYTES - directory.toString().length() - 1;
    String name = "ü".repeat(room / 2) + "x".repeat(room % 2);
    Path longest = directory.resolve(name);
    try (UnixSocketListener own = UnixSocketListener.listen(longest)) {
      assertThat(longest).exists();
      CompletableFuture<UnixSocketConnection> accepted = async(own::accept);
      try (UnixSocketConnection to = UnixSocketConnection.connect(longest, SOON);
          UnixSocketConnection from = accepted.get(5, TimeUnit.SECONDS)) {
        to.write(ByteBuffer.wrap(new byte[] {7}));
        assertThat(readFully(from, 1)).containsExactly(7);
      }
    }
    assertThatThrownBy(() -> UnixSocketListener.listen(directory.resolve(name + "x")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("has 108");
  }

  @Test
  void connect_relativePath_isThatOfTheCurrentDirectory() throws Exception {
    Path here = Path.of("").toAbsolutePath();
    assertThatThrownBy(
            () -> UnixSocketConnection.connect(here.relativize(directory).resolve("no"), SOON))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("the socket does not exist");
    Path relative = here.relativize(listener.path());
    CompletableFuture<UnixSocketConnection> accepted = async(listener::accept);
    try (UnixSocketConnection to = UnixSocketConnection.connect(relative, SOON);
        UnixSocketConnection from = accepted.get(5, TimeUnit.SECONDS)) {
      assertThat((long) from.peer().pid()).isEqualTo(ProcessHandle.current().pid());
      assertThat(to.describe()).isEqualTo("unix://" + relative);
    }
  }

  @Test
  void connect_fullQueue_failsAfterTheTimeoutAndSaysHowLong() throws Exception {
    int full = UnixSockets.listen(directory.resolve("full"), 0);
    try (UnixSocketConnection first =
        UnixSocketConnection.connect(directory.resolve("full"), SOON)) {
      assertThat(first.describe()).endsWith("/full");
      assertThatThrownBy(
              () -> UnixSocketConnection.connect(directory.resolve("full"), Duration.ofMillis(80)))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("nobody accepted within 80 ms");
    } finally {
      SocketCalls.C.close(full);
    }
  }

  @Test
  void listen_pathThatIsTaken_saysSo() {
    assertThatThrownBy(() -> UnixSocketListener.listen(listener.path()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("listening on " + listener.path())
        .hasMessageContaining("Address already in use");
  }

  @Test
  void listener_close_wakesAcceptAndDeletesPath() throws Exception {
    CompletableFuture<UnixSocketConnection> accepted = async(listener::accept);
    Thread.sleep(50);
    listener.close();
    assertThatThrownBy(() -> accepted.get(2, TimeUnit.SECONDS))
        .hasCauseInstanceOf(ConnectionClosedException.class);
    assertThat(listener.path()).doesNotExist();
  }

  private static byte[] readFully(Connection connection, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    while (buffer.hasRemaining()) {
      if (connection.read(buffer) < 0) {
        return Arrays.copyOf(buffer.array(), buffer.position());
      }
    }
    return buffer.array();
  }

  private <T> CompletableFuture<T> async(java.util.concurrent.Callable<T> work) {
    CompletableFuture<T> result = new CompletableFuture<>();
    threads.execute(
        () -> {
          try {
            result.complete(work.call());
          } catch (Throwable e) {
            result.completeExceptionally(e);
          }
        });
    return result;
  }
}
