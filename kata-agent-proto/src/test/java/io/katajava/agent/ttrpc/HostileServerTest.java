package io.katajava.agent.ttrpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.transport.Connection;
import io.katajava.transport.UnixSocketConnection;
import io.katajava.transport.UnixSocketListener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A client whose server is broken, slow or malicious. */
@Timeout(60)
class HostileServerTest {
  private static final Duration SOON = Duration.ofSeconds(20);
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  /** What a server does when the first request arrived. */
  interface Behaviour {
    void act(Connection connection, FrameReader requests) throws IOException;
  }

  @SuppressWarnings("ImmutableEnumChecker")
  enum Fault {
    SILENT(TtrpcStatus.DEADLINE_EXCEEDED, (c, r) -> r.next()),
    GARBAGE(TtrpcStatus.UNAVAILABLE, (c, r) -> Wire.send(c, garbage())),
    OVERSIZE(
        TtrpcStatus.UNAVAILABLE,
        (c, r) -> Wire.send(c, Wire.frame(Frame.MAX_BODY + 1, 1, 2, 0, new byte[0]))),
    HALF_HEADER_THEN_SILENCE(
        TtrpcStatus.DEADLINE_EXCEEDED,
        (c, r) -> {
          Wire.send(c, new byte[] {0, 0, 0, 9});
          r.next();
        }),
    HALF_BODY_THEN_SILENCE(
        TtrpcStatus.DEADLINE_EXCEEDED,
        (c, r) -> {
          Wire.send(c, Wire.frame(100, 1, 2, 0, new byte[50]));
          r.next();
        }),
    HALF_BODY_THEN_HANG_UP(
        TtrpcStatus.UNAVAILABLE, (c, r) -> Wire.send(c, Wire.frame(100, 1, 2, 0, new byte[50]))),
    HANG_UP(TtrpcStatus.UNAVAILABLE, (c, r) -> {}),
    MALFORMED_REPLY(
        TtrpcStatus.INTERNAL,
        (c, r) -> {
          Wire.send(c, Wire.frame(1, 2, 0, new byte[] {0x0a, 0x7f, 1}));
          r.next();
        }),
    UNKNOWN_CODE(
        TtrpcStatus.UNKNOWN,
        (c, r) -> {
          Wire.send(c, Wire.frame(1, 2, 0, new byte[] {0x0a, 2, 8, 99}));
          r.next();
        }),
    DATA_FOR_A_UNARY_CALL(
        TtrpcStatus.DEADLINE_EXCEEDED,
        (c, r) -> {
          Wire.send(c, Wire.frame(2, 1, 3, 0, new byte[] {1}));
          r.next();
        });

    final TtrpcStatus status;
    final Behaviour behaviour;

    Fault(TtrpcStatus status, Behaviour behaviour) {
      this.status = status;
      this.behaviour = behaviour;
    }
  }

  private static byte[] garbage() {
    byte[] garbage = new byte[100_000];
    new Random(1).nextBytes(garbage);
    garbage[0] = 0x7f;
    return garbage;
  }

  @TempDir Path directory;
  private UnixSocketListener listener;

  @BeforeEach
  void listen() throws IOException {
    listener = UnixSocketListener.listen(directory.resolve("s"));
  }

  @AfterEach
  void close() {
    listener.close();
  }

  /** Serves one connection with a behaviour, from its first request on. */
  private CompletableFuture<Void> serve(Behaviour behaviour) {
    return CompletableFuture.runAsync(
        () -> {
          try (Connection connection = listener.accept()) {
            FrameReader requests = new FrameReader(connection, true);
            requests.next();
            behaviour.act(connection, requests);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  private TtrpcClient client() throws IOException {
    return TtrpcClient.over(UnixSocketConnection.connect(listener.path(), SOON));
  }

  private static TtrpcStatus statusOf(TtrpcClient client, Duration timeout) {
    try {
      client.call("t", "m", NOTHING, CallOptions.waitingFor(timeout));
      return TtrpcStatus.OK;
    } catch (TtrpcException e) {
      return e.status();
    }
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  void call_ofFaultyServer_endsWithItsStatus(Fault fault) throws Exception {
    CompletableFuture<Void> served = serve(fault.behaviour);
    boolean waits = fault.status == TtrpcStatus.DEADLINE_EXCEEDED;
    try (TtrpcClient client = client()) {
      assertThat(statusOf(client, waits ? Duration.ofMillis(200) : SOON)).isEqualTo(fault.status);
    }
    served.handle((done, e) -> null).get(20, TimeUnit.SECONDS);
  }

  @Test
  void call_ofServerThatHangsUpAtEachByte_isUnavailable() throws Exception {
    byte[] reply = Wire.response(1, new byte[] {1, 2, 3});
    for (int length = 0; length < reply.length; length++) {
      byte[] part = java.util.Arrays.copyOf(reply, length);
      CompletableFuture<Void> served = serve((c, r) -> Wire.send(c, part));
      try (TtrpcClient client = client()) {
        assertThat(statusOf(client, SOON)).as(length + " bytes").isEqualTo(TtrpcStatus.UNAVAILABLE);
        assertThat(client.onClose().get(20, TimeUnit.SECONDS)).hasMessageContaining("is lost");
      }
      served.get(20, TimeUnit.SECONDS);
    }
  }

  @Test
  void replies_unknownDuplicateAndOfOtherKinds_disturbNoCall() throws Exception {
    CompletableFuture<Void> served =
        serve(
            (c, r) -> {
              Wire.send(
                  c,
                  Wire.response(0, new byte[1]),
                  Wire.response(2, new byte[1]),
                  Wire.response(-1, new byte[1]),
                  Wire.response(77, new byte[1]),
                  Wire.frame(1, 1, 0, new byte[5]),
                  Wire.frame(1, 200, 255, new byte[5]),
                  Wire.response(1, new byte[] {11}),
                  Wire.response(1, new byte[] {12}));
              r.next();
              Wire.send(c, Wire.response(1, new byte[] {13}), Wire.response(3, new byte[] {14}));
              r.next();
            });
    try (TtrpcClient client = client()) {
      CallOptions soon = CallOptions.waitingFor(SOON);
      assertThat(client.call("t", "m", NOTHING, soon).get(0)).isEqualTo((byte) 11);
      assertThat(client.call("t", "m", NOTHING, soon).get(0)).isEqualTo((byte) 14);
    }
    served.get(20, TimeUnit.SECONDS);
  }

  @Test
  void replies_inReverseOrder_findTheirCalls() throws Exception {
    int count = 100;
    CompletableFuture<Void> served =
        serve(
            (c, r) -> {
              List<Integer> ids = new ArrayList<>(List.of(1));
              while (ids.size() < count) {
                ids.add(Objects.requireNonNull(r.next()).streamId());
              }
              for (int i = count - 1; i >= 0; i--) {
                Wire.send(c, Wire.response(ids.get(i), new byte[] {(byte) i}));
              }
              r.next();
            });
    try (TtrpcClient client = client()) {
      List<CompletableFuture<ByteBuffer>> calls = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        calls.add(client.callAsync("t", "m", NOTHING, CallOptions.waitingFor(SOON)));
      }
      for (int i = 0; i < count; i++) {
        assertThat(calls.get(i).get(20, TimeUnit.SECONDS).get(0)).isEqualTo((byte) i);
      }
    }
    served.get(20, TimeUnit.SECONDS);
  }

  @Test
  void flood_ofUnaskedFrames_isDroppedAndTheAnswerFound() throws Exception {
    byte[] stray = Wire.response(999_999, new byte[1000]);
    CompletableFuture<Void> served =
        serve(
            (c, r) -> {
              for (int i = 0; i < 50_000; i++) {
                Wire.send(c, stray);
              }
              Wire.send(c, Wire.response(1, new byte[] {7}));
              r.next();
            });
    try (TtrpcClient client = client()) {
      assertThat(client.call("t", "m", NOTHING, CallOptions.waitingFor(SOON)).get(0))
          .isEqualTo((byte) 7);
    }
    served.get(20, TimeUnit.SECONDS);
  }

  @Test
  void flood_ofStreamItems_failsThatStreamOnly() throws Exception {
    byte[] item = Wire.frame(1, 3, 0, new byte[1 << 20]);
    CompletableFuture<Void> served =
        serve(
            (c, r) -> {
              for (int i = 0; i < 20; i++) {
                Wire.send(c, item);
              }
              r.next();
              Wire.send(c, Wire.response(3, new byte[] {5}));
              r.next();
            });
    try (TtrpcClient client = client()) {
      TtrpcStream stream = client.callStreaming("t", "s", NOTHING, CallOptions.NONE);
      assertThat(client.call("t", "m", NOTHING, CallOptions.waitingFor(SOON)).get(0))
          .isEqualTo((byte) 5);
      assertThatThrownBy(() -> stream.receive(SOON))
          .isInstanceOf(TtrpcException.class)
          .hasMessageContaining("bytes ahead");
    }
    served.get(20, TimeUnit.SECONDS);
  }

  @Test
  void serverThatNeverReads_delaysNobodyBeyondTheDeadline() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    CompletableFuture<Void> served =
        CompletableFuture.runAsync(
            () -> {
              try (Connection connection = listener.accept()) {
                assertThat(connection.describe()).isNotEmpty();
                release.await();
              } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    try (TtrpcClient client = client()) {
      List<CompletableFuture<ByteBuffer>> calls = new ArrayList<>();
      CallOptions brief = CallOptions.waitingFor(Duration.ofMillis(200));
      ByteBuffer large = ByteBuffer.allocate(3 << 20);
      // More than the queue takes: also those that have to wait for room come back.
      for (int i = 0; i < 6; i++) {
        calls.add(client.callAsync("t", "m", large, brief));
      }
      for (CompletableFuture<ByteBuffer> call : calls) {
        assertThat(call)
            .failsWithin(20, TimeUnit.SECONDS)
            .withThrowableThat()
            .havingCause()
            .isInstanceOfSatisfying(
                TtrpcException.class,
                e -> assertThat(e.status()).isEqualTo(TtrpcStatus.DEADLINE_EXCEEDED));
      }
      assertThat(statusOf(client, Duration.ofMillis(100))).isEqualTo(TtrpcStatus.DEADLINE_EXCEEDED);
    } finally {
      release.countDown();
    }
    served.get(20, TimeUnit.SECONDS);
  }
}
