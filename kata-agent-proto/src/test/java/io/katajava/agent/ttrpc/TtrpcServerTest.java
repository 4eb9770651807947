package io.katajava.agent.ttrpc;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.transport.Connection;
import io.katajava.transport.UnixSocketConnection;
import io.katajava.transport.UnixSocketListener;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The server, seen by clients that know the protocol and by such that do not keep to it. */
@Timeout(60)
class TtrpcServerTest {
  private static final Duration SOON = Duration.ofSeconds(20);

  @TempDir Path directory;
  private final CountDownLatch release = new CountDownLatch(1);
  private final AtomicInteger blocked = new AtomicInteger();
  private TtrpcServer server;
  private UnixSocketListener listener;

  @BeforeEach
  void listen() throws IOException {
    server =
        TtrpcServer.builder()
            .unary("t", "echo", TtrpcRequest::bytes)
            .unary("t", "blocked", this::block)
            .async("t", "later", request -> new CompletableFuture<>())
            .unary("t", "error", request -> fail())
            .streaming("t", "first", TtrpcServerTest::first)
            .build();
    listener = UnixSocketListener.listen(directory.resolve("s"));
    server.listen(listener);
  }

  private byte[] block(TtrpcRequest request) throws InterruptedException {
    blocked.incrementAndGet();
    release.await();
    return request.bytes();
  }

  private static byte[] fail() {
    throw new StackOverflowError("too deep");
  }

  private static byte[] first(TtrpcRequest request, TtrpcServerStream stream) throws Exception {
    ByteBuffer item = Objects.requireNonNull(stream.receive(SOON));
    byte[] bytes = new byte[item.remaining()];
    item.get(bytes);
    return bytes;
  }

  @AfterEach
  void close() {
    release.countDown();
    server.close();
  }

  private Connection connect() throws IOException {
    return UnixSocketConnection.connect(listener.path(), SOON);
  }

  private static Envelope.Response read(FrameReader replies, int streamId) throws IOException {
    Frame frame = Objects.requireNonNull(replies.next());
    assertThat(frame.type()).isEqualTo(Frame.RESPONSE);
    assertThat(frame.streamId()).isEqualTo(streamId);
    return Envelope.parseResponse(Objects.requireNonNull(frame.body()));
  }

  @Test
  void requests_malformedInEachWay_areRefusedAndTheConnectionLives() throws Exception {
    try (Connection connection = connect()) {
      FrameReader replies = new FrameReader(connection, false);
      Wire.send(connection, Wire.frame(1, 1, 0, new byte[] {0x0a, 0x7f}));
      assertThat(read(replies, 1).code()).isEqualTo(TtrpcStatus.INVALID_ARGUMENT.code());
      Wire.send(connection, Wire.request(2, "t", "echo", new byte[0]));
      assertThat(read(replies, 2).message()).contains("odd");
      Wire.send(connection, Wire.request(3, "none", "echo", new byte[0]));
      assertThat(read(replies, 3).code()).isEqualTo(TtrpcStatus.INVALID_ARGUMENT.code());
      Wire.send(connection, Wire.request(5, "t", "none", new byte[0]));
      assertThat(read(replies, 5).code()).isEqualTo(TtrpcStatus.UNIMPLEMENTED.code());
      Wire.send(connection, Wire.frame(7, 99, 0, new byte[3]), Wire.response(9, new byte[1]));
      Wire.send(connection, Wire.frame(11, 3, 0, new byte[3]));
      Wire.send(connection, Wire.request(13, "t", "echo", new byte[] {42}));
      assertThat(read(replies, 13).payload().get(0)).isEqualTo((byte) 42);
    }
  }

  @Test
  void request_ofExactlyTheLimit_isServedAndOneByteMoreDrained() throws Exception {
    try (Connection connection = connect()) {
      FrameReader replies = new FrameReader(connection, false);
      int head = Wire.request(1, "t", "echo", new byte[1 << 20]).length - 10 - (1 << 20);
      // One more byte of length prefix above 2 MiB.
      byte[] payload = new byte[Frame.MAX_BODY - head - 1];
      byte[] request = Wire.request(1, "t", "echo", payload);
      assertThat(request.length - 10).isEqualTo(Frame.MAX_BODY);
      Wire.send(connection, request);
      assertThat(read(replies, 1).payload().remaining()).isEqualTo(payload.length);
      Wire.send(connection, Wire.frame(3, 1, 0, new byte[Frame.MAX_BODY + 1]));
      assertThat(read(replies, 3).code()).isEqualTo(TtrpcStatus.INVALID_ARGUMENT.code());
      Wire.send(connection, Wire.request(5, "t", "echo", new byte[] {1}));
      assertThat(read(replies, 5).code()).isZero();
    }
  }

  @Test
  void streamId_inUse_isRefusedAndTheFirstCallGoesOn() throws Exception {
    try (Connection connection = connect()) {
      FrameReader replies = new FrameReader(connection, false);
      byte[] request = Wire.request(1, "t", "blocked", new byte[] {8});
      Wire.send(connection, request, request);
      Envelope.Response refused = read(replies, 1);
      assertThat(refused.code()).isEqualTo(TtrpcStatus.INVALID_ARGUMENT.code());
      assertThat(refused.message()).contains("in use");
      release.countDown();
      assertThat(read(replies, 1).payload().get(0)).isEqualTo((byte) 8);
    }
  }

  @Test
  void flood_ofBlockingCalls_startsAtMostTheLimit() throws Exception {
    try (Connection connection = connect()) {
      FrameReader replies = new FrameReader(connection, false);
      int total = TtrpcServer.MAX_CALLS + 50;
      for (int i = 0; i < total; i++) {
        Wire.send(connection, Wire.request(2 * i + 1, "t", "blocked", new byte[0]));
      }
      Map<Integer, Integer> codes = new HashMap<>();
      for (int i = 0; i < 50; i++) {
        Frame frame = Objects.requireNonNull(replies.next());
        codes.merge(
            Envelope.parseResponse(Objects.requireNonNull(frame.body())).code(), 1, Integer::sum);
      }
      assertThat(codes).isEqualTo(Map.of(TtrpcStatus.RESOURCE_EXHAUSTED.code(), 50));
      assertThat(blocked.get()).isLessThanOrEqualTo(TtrpcServer.MAX_CALLS);
      release.countDown();
      for (int i = 0; i < TtrpcServer.MAX_CALLS; i++) {
        Frame frame = Objects.requireNonNull(replies.next());
        assertThat(Envelope.parseResponse(Objects.requireNonNull(frame.body())).code()).isZero();
      }
    }
  }

  @Test
  void clientThatReadsNothing_holdsUpOnlyItself() throws Exception {
    Connection greedy = connect();
    try (TtrpcClient other = TtrpcClient.over(connect())) {
      Thread flood =
          new Thread(
              () -> {
                try {
                  for (int i = 0; i < 100; i++) {
                    Wire.send(greedy, Wire.request(2 * i + 1, "t", "echo", new byte[1 << 20]));
                  }
                } catch (IOException expected) {
                  assertThat(expected).isNotNull();
                }
              });
      flood.start();
      for (int i = 0; i < 20; i++) {
        ByteBuffer reply =
            other.call("t", "echo", ByteBuffer.wrap(new byte[] {1}), CallOptions.waitingFor(SOON));
        assertThat(reply.remaining()).isEqualTo(1);
      }
      greedy.close();
      flood.join();
    }
  }

  @Test
  void handler_errorOfTheMachine_isAnsweredToo() throws Exception {
    try (TtrpcClient client = TtrpcClient.over(connect())) {
      assertThatThrownBy(
              () -> client.call("t", "error", ByteBuffer.allocate(0), CallOptions.waitingFor(SOON)))
          .isInstanceOfSatisfying(
              TtrpcException.class, e -> assertThat(e.status()).isEqualTo(TtrpcStatus.INTERNAL))
          .hasMessageContaining("too deep");
    }
  }

  @Test
  void connection_cutAtEachByte_endsItsThread() throws Exception {
    byte[] request = Wire.request(1, "t", "later", "payload".getBytes(UTF_8));
    for (int length = 0; length <= request.length; length++) {
      try (Connection connection = connect()) {
        Wire.send(connection, Arrays.copyOf(request, length));
      }
    }
    try (TtrpcClient client = TtrpcClient.over(connect())) {
      assertThat(client.call("t", "echo", ByteBuffer.allocate(0), CallOptions.waitingFor(SOON)))
          .isNotNull();
    }
    server.close();
    assertThat(threadsNamed("ttrpc-server-")).isEmpty();
    assertThat(threadsNamed("ttrpc-accept-")).isEmpty();
  }

  private List<String> threadsNamed(String prefix) {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith(prefix) && name.contains(directory.toString()))
        .toList();
  }

  @Test
  void clientGone_failsTheHandlersReceive() throws Exception {
    CompletableFuture<Throwable> seen = new CompletableFuture<>();
    try (TtrpcServer streams =
        TtrpcServer.builder()
            .streaming(
                "t",
                "wait",
                (request, stream) -> {
                  try {
                    stream.receive(SOON);
                  } catch (TtrpcException e) {
                    seen.complete(e);
                  }
                  return null;
                })
            .build()) {
      UnixSocketListener second = UnixSocketListener.listen(directory.resolve("s2"));
      streams.listen(second);
      TtrpcClient client = TtrpcClient.over(UnixSocketConnection.connect(second.path(), SOON));
      client.openStream("t", "wait", CallOptions.NONE).send(ByteBuffer.allocate(0));
      TtrpcStream stream = client.openStream("t", "wait", CallOptions.NONE);
      assertThat(stream).isNotNull();
      client.close();
      assertThat(seen.get(20, TimeUnit.SECONDS)).hasMessageContaining("the client is gone");
    }
  }

  @Test
  void stream_thatAnswersEarly_dropsTheRest() throws Exception {
    try (TtrpcClient client = TtrpcClient.over(connect());
        TtrpcStream stream = client.openStream("t", "first", CallOptions.NONE)) {
      stream.send(ByteBuffer.wrap(new byte[] {3}));
      assertThat(stream.reply(SOON).get(0)).isEqualTo((byte) 3);
      stream.send(ByteBuffer.wrap(new byte[] {4}));
      stream.closeSend();
      ByteBuffer reply =
          client.call("t", "echo", ByteBuffer.wrap(new byte[] {9}), CallOptions.waitingFor(SOON));
      assertThat(reply.get(0)).isEqualTo((byte) 9);
    }
  }
}
