package io.katajava.agent.ttrpc;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.transport.UnixSocketConnection;
import io.katajava.transport.UnixSocketListener;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class TtrpcClientTest {
  private static final Duration SOON = Duration.ofSeconds(10);

  @TempDir Path directory;
  private final CountDownLatch release = new CountDownLatch(1);
  private TtrpcServer server;
  private TtrpcClient client;

  @BeforeEach
  void connect() throws Exception {
    server =
        TtrpcServer.builder()
            .unary("t", "echo", TtrpcRequest::bytes)
            .unary("t", "length", r -> Integer.toString(r.payload().remaining()).getBytes(UTF_8))
            .unary(
                "t",
                "traceparent",
                r ->
                    r.metadata()
                        .getOrDefault("traceparent", List.of("none"))
                        .get(0)
                        .getBytes(UTF_8))
            .unary("t", "huge", r -> new byte[(4 << 20) + 1])
            .unary("t", "blocked", this::blocked)
            .async("t", "never", r -> new CompletableFuture<>())
            .unary("t", "refused", r -> refuse())
            .streaming("t", "count", TtrpcClientTest::count)
            .streaming("t", "sum", TtrpcClientTest::sum)
            .streaming("t", "mirror", TtrpcClientTest::mirror)
            .streaming("t", "fails", TtrpcClientTest::failHalfway)
            .build();
    UnixSocketListener listener = UnixSocketListener.listen(directory.resolve("s"));
    server.listen(listener);
    client = TtrpcClient.over(UnixSocketConnection.connect(listener.path(), SOON));
  }

  @AfterEach
  void close() {
    release.countDown();
    client.close();
    server.close();
  }

  private byte[] blocked(TtrpcRequest request) throws InterruptedException {
    release.await();
    return request.bytes();
  }

  private static byte[] refuse() {
    throw new TtrpcException(TtrpcStatus.NOT_FOUND, "no such thing");
  }

  private static byte @Nullable [] count(TtrpcRequest request, TtrpcServerStream stream)
      throws Exception {
    for (int i = 0; i < request.bytes()[0]; i++) {
      stream.send(ByteBuffer.wrap(new byte[] {(byte) i}));
    }
    return null;
  }

  private static byte[] sum(TtrpcRequest request, TtrpcServerStream stream) throws Exception {
    int sum = 0;
    ByteBuffer item;
    while ((item = stream.receive(SOON)) != null) {
      sum += item.get();
    }
    return new byte[] {(byte) sum};
  }

  private static byte @Nullable [] mirror(TtrpcRequest request, TtrpcServerStream stream)
      throws Exception {
    ByteBuffer item;
    while ((item = stream.receive(SOON)) != null) {
      stream.send(item);
    }
    return null;
  }

  private static byte[] failHalfway(TtrpcRequest request, TtrpcServerStream stream)
      throws Exception {
    stream.send(ByteBuffer.wrap(new byte[] {1}));
    throw new TtrpcException(TtrpcStatus.ABORTED, "halfway");
  }

  private byte[] call(String method, byte[] payload, CallOptions options) {
    return bytes(client.call("t", method, ByteBuffer.wrap(payload), options));
  }

  private static byte[] bytes(@Nullable ByteBuffer maybe) {
    ByteBuffer buffer = Objects.requireNonNull(maybe);
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  private static void assertFails(Throwable thrown, TtrpcStatus status, String part) {
    assertThat(thrown)
        .asInstanceOf(InstanceOfAssertFactories.type(TtrpcException.class))
        .satisfies(e -> assertThat(e.status()).isEqualTo(status))
        .satisfies(e -> assertThat(e).hasMessageContaining(part));
  }

  @Test
  void call_ofEachSize_returnsTheReply() {
    for (int size : new int[] {0, 1, 1000, 65_536, 1 << 20, (4 << 20) - 64}) {
      byte[] payload = new byte[size];
      new java.util.Random(size).nextBytes(payload);
      assertThat(call("echo", payload, CallOptions.within(SOON))).isEqualTo(payload);
    }
  }

  @Test
  void call_requestTooLong_isRefusedHere() {
    assertThatThrownBy(() -> call("echo", new byte[4 << 20], CallOptions.NONE))
        .satisfies(e -> assertFails(e, TtrpcStatus.INVALID_ARGUMENT, "more than the allowed"));
    assertThat(call("length", new byte[3], CallOptions.NONE)).isEqualTo("3".getBytes(UTF_8));
  }

  @Test
  void call_replyTooLong_isInvalidArgumentAndConnectionLives() {
    assertThatThrownBy(() -> call("huge", new byte[0], CallOptions.NONE))
        .satisfies(e -> assertFails(e, TtrpcStatus.INVALID_ARGUMENT, "the response has"));
    assertThat(call("length", new byte[3], CallOptions.NONE)).isEqualTo("3".getBytes(UTF_8));
  }

  @Test
  void call_handlerThrows_carriesItsStatusAndText() {
    assertThatThrownBy(() -> call("refused", new byte[0], CallOptions.NONE))
        .satisfies(e -> assertFails(e, TtrpcStatus.NOT_FOUND, "calling t/refused: no such thing"));
  }

  @Test
  void call_unknownNames_areToldApart() {
    assertThatThrownBy(() -> call("nope", new byte[0], CallOptions.NONE))
        .satisfies(e -> assertFails(e, TtrpcStatus.UNIMPLEMENTED, "t/nope"));
    assertThatThrownBy(() -> client.call("x", "y", ByteBuffer.allocate(0), CallOptions.NONE))
        .satisfies(e -> assertFails(e, TtrpcStatus.INVALID_ARGUMENT, "no service x"));
  }

  @Test
  void call_withMetadata_reachesTheServer() {
    CallOptions options = CallOptions.NONE.withMetadata("traceparent", "00-1-2-01");
    assertThat(call("traceparent", new byte[0], options)).isEqualTo("00-1-2-01".getBytes(UTF_8));
  }

  @Test
  void call_past4MiBQueueAndManyThreads_allReturn() throws Exception {
    List<CompletableFuture<ByteBuffer>> calls = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      byte[] payload = new byte[i % 50 == 0 ? 300_000 : i % 100];
      payload = java.util.Arrays.copyOf(payload, payload.length + 1);
      payload[payload.length - 1] = (byte) i;
      calls.add(client.callAsync("t", "echo", ByteBuffer.wrap(payload), CallOptions.within(SOON)));
    }
    for (int i = 0; i < calls.size(); i++) {
      byte[] reply = bytes(calls.get(i).get(30, TimeUnit.SECONDS));
      assertThat(reply[reply.length - 1]).isEqualTo((byte) i);
    }
  }

  @Test
  void call_serverSilent_endsAtTheDeadlineAndLateReplyIsDropped() {
    long start = System.nanoTime();
    CallOptions brief = CallOptions.waitingFor(Duration.ofMillis(100));
    assertThatThrownBy(() -> call("blocked", new byte[1], brief))
        .satisfies(e -> assertFails(e, TtrpcStatus.DEADLINE_EXCEEDED, "no reply within PT0.1S"));
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
    release.countDown();
    assertThat(call("echo", new byte[] {9}, CallOptions.within(SOON))).containsExactly(9);
  }

  @Test
  void call_serverTimeout_isEnforcedByTheServer() {
    CallOptions options = new CallOptions(Duration.ofMillis(100), true, java.util.Map.of());
    assertThatThrownBy(() -> client.callAsync("t", "never", ByteBuffer.allocate(0), options).join())
        .cause()
        .satisfies(e -> assertFails(e, TtrpcStatus.DEADLINE_EXCEEDED, ""));
  }

  @Test
  void callAsync_pastDeadline_fails() {
    CompletableFuture<ByteBuffer> reply =
        client.callAsync(
            "t", "never", ByteBuffer.allocate(0), CallOptions.waitingFor(Duration.ofMillis(50)));
    assertThatThrownBy(() -> reply.get(5, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .satisfies(e -> assertFails(e, TtrpcStatus.DEADLINE_EXCEEDED, "no reply within"));
  }

  @Test
  void callAsync_cancelled_isForgotten() {
    CompletableFuture<ByteBuffer> reply =
        client.callAsync("t", "blocked", ByteBuffer.allocate(0), CallOptions.NONE);
    assertThat(reply.cancel(true)).isTrue();
    release.countDown();
    assertThat(call("echo", new byte[] {9}, CallOptions.NONE)).containsExactly(9);
  }

  @Test
  void callAsync_callback_mayBlockOnAnotherCall() throws Exception {
    CompletableFuture<byte[]> chained =
        client
            .callAsync("t", "echo", ByteBuffer.wrap(new byte[] {1}), CallOptions.NONE)
            .thenApply(first -> call("echo", new byte[] {2}, CallOptions.NONE));
    assertThat(chained.get(5, TimeUnit.SECONDS)).containsExactly(2);
  }

  @Test
  void call_interrupted_returnsAtOnceAndKeepsTheInterrupt() {
    Thread caller = Thread.currentThread();
    CompletableFuture.delayedExecutor(100, TimeUnit.MILLISECONDS).execute(caller::interrupt);
    assertThatThrownBy(() -> call("blocked", new byte[0], CallOptions.NONE))
        .satisfies(e -> assertFails(e, TtrpcStatus.CANCELLED, "interrupted while waiting"));
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void close_failsEveryCallAtOnce() throws Exception {
    List<CompletableFuture<ByteBuffer>> calls = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      calls.add(client.callAsync("t", "blocked", ByteBuffer.allocate(0), CallOptions.NONE));
    }
    client.close();
    for (CompletableFuture<ByteBuffer> call : calls) {
      assertThatThrownBy(() -> call.get(2, TimeUnit.SECONDS))
          .cause()
          .satisfies(e -> assertFails(e, TtrpcStatus.UNAVAILABLE, "the client was closed"));
    }
    assertThat(client.onClose().get(2, TimeUnit.SECONDS)).hasMessageContaining("was closed");
    assertThatThrownBy(() -> call("echo", new byte[0], CallOptions.NONE))
        .satisfies(e -> assertFails(e, TtrpcStatus.UNAVAILABLE, "the client was closed"));
  }

  @Test
  void serverGone_failsWaitingCallsWithTheReason() throws Exception {
    CompletableFuture<ByteBuffer> call =
        client.callAsync("t", "blocked", ByteBuffer.allocate(0), CallOptions.NONE);
    server.close();
    assertThatThrownBy(() -> call.get(2, TimeUnit.SECONDS))
        .cause()
        .satisfies(e -> assertFails(e, TtrpcStatus.UNAVAILABLE, "is lost"));
    assertThat(client.onClose().get(2, TimeUnit.SECONDS).status())
        .isEqualTo(TtrpcStatus.UNAVAILABLE);
  }

  @Test
  void callStreaming_receivesEveryItemThenEnd() {
    try (TtrpcStream stream =
        client.callStreaming("t", "count", ByteBuffer.wrap(new byte[] {5}), CallOptions.NONE)) {
      for (int i = 0; i < 5; i++) {
        assertThat(bytes(stream.receive(SOON))).containsExactly(i);
      }
      assertThat(stream.receive(SOON)).isNull();
      assertThat(stream.receive(SOON)).isNull();
    }
  }

  @Test
  void openStream_clientSends_getsOneReply() {
    try (TtrpcStream stream = client.openStream("t", "sum", CallOptions.NONE)) {
      for (byte i = 1; i <= 10; i++) {
        stream.send(ByteBuffer.wrap(new byte[] {i}));
      }
      stream.closeSend();
      assertThat(bytes(stream.reply(SOON))).containsExactly(55);
    }
  }

  @Test
  void openStream_bothSend_itemsKeepTheirOrder() {
    try (TtrpcStream stream = client.openStream("t", "mirror", CallOptions.NONE)) {
      for (byte i = 0; i < 100; i++) {
        stream.send(ByteBuffer.wrap(new byte[] {i}));
      }
      stream.closeSend();
      for (byte i = 0; i < 100; i++) {
        assertThat(bytes(stream.receive(SOON))).containsExactly(i);
      }
      assertThat(stream.receive(SOON)).isNull();
    }
  }

  @Test
  void callStreaming_serverFails_itemsComeFirst() {
    try (TtrpcStream stream =
        client.callStreaming("t", "fails", ByteBuffer.allocate(0), CallOptions.NONE)) {
      assertThat(bytes(stream.receive(SOON))).containsExactly(1);
      assertThatThrownBy(() -> stream.receive(SOON))
          .satisfies(e -> assertFails(e, TtrpcStatus.ABORTED, "halfway"));
    }
  }
}
