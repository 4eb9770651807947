package io.katajava.agent.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.agent.AgentAddress;
import io.katajava.agent.ttrpc.CallOptions;
import io.katajava.agent.ttrpc.TtrpcClient;
import io.katajava.agent.ttrpc.TtrpcException;
import io.katajava.agent.ttrpc.TtrpcStatus;
import io.katajava.transport.Connection;
import io.katajava.transport.HybridVsockConnection;
import io.katajava.transport.SerialPortConnection;
import io.katajava.transport.TcpConnection;
import io.katajava.transport.UnixSocketConnection;
import io.katajava.transport.VsockConnection;
import io.katajava.transport.testing.ExactRead;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What every agent's ttRPC server has to do with frames. */
public abstract class TtrpcContract extends AgentContract {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  /** For subclasses. */
  protected TtrpcContract() {}

  private Connection connection() throws IOException {
    AgentAddress address = target().address();
    if (address instanceof AgentAddress.UnixSocket unix) {
      return UnixSocketConnection.connect(unix.path(), LIMIT);
    } else if (address instanceof AgentAddress.HybridVsock hybrid) {
      return HybridVsockConnection.connect(hybrid.socket(), hybrid.port(), LIMIT);
    } else if (address instanceof AgentAddress.Vsock vsock) {
      return VsockConnection.connect(vsock.cid(), vsock.port(), LIMIT);
    } else if (address instanceof AgentAddress.Tcp tcp) {
      return TcpConnection.connect(tcp.host(), tcp.port(), LIMIT);
    }
    // One client at a time: the client of the other tests steps aside.
    reconnect();
    return SerialPortConnection.resume(((AgentAddress.SerialPort) address).socket(), LIMIT);
  }

  private static byte[] hex(String text) {
    return HexFormat.of().parseHex(text.replace(" ", ""));
  }

  /** Status code of the next response, which has to be on the stream. */
  private static int status(Connection connection, int stream) throws IOException {
    ByteBuffer header = ByteBuffer.wrap(ExactRead.of(connection, 10));
    int length = header.getInt();
    assertThat(header.getInt()).isEqualTo(stream);
    assertThat(header.get()).isEqualTo((byte) 2);
    byte[] body = ExactRead.of(connection, length);
    // Field 1 is the status message, whose field 1 is the code.
    return body.length > 3 && body[0] == 0x0a && body[1] > 1 && body[2] == 0x08 ? body[3] : 0;
  }

  @Test
  void check_byteForByte_isAnsweredOnItsStream() throws Exception {
    try (Connection connection = connection()) {
      String body = "0a0b677270632e4865616c7468 1205436865636b";
      connection.write(ByteBuffer.wrap(hex("00000014 00000001 0100" + body)));
      assertThat(status(connection, 1)).isZero();
      connection.write(ByteBuffer.wrap(hex("00000014 00000003 0100" + body)));
      assertThat(status(connection, 3)).isZero();
    }
  }

  @Test
  void frame_tooLong_isRefusedAndTheConnectionLives() throws Exception {
    try (Connection connection = connection()) {
      byte[] header = hex("00400001 00000001 0100");
      connection.write(ByteBuffer.wrap(header), ByteBuffer.allocate((4 << 20) + 1));
      assertThat(status(connection, 1)).isEqualTo(TtrpcStatus.INVALID_ARGUMENT.code());
      String body = "0a0b677270632e4865616c7468 1205436865636b";
      connection.write(ByteBuffer.wrap(hex("00000014 00000003 0100" + body)));
      assertThat(status(connection, 3)).isZero();
    }
  }

  @Test
  void streamId_even_isRefused() throws Exception {
    try (Connection connection = connection()) {
      String body = "0a0b677270632e4865616c7468 1205436865636b";
      connection.write(ByteBuffer.wrap(hex("00000014 00000002 0100" + body)));
      assertThat(status(connection, 2)).isEqualTo(TtrpcStatus.INVALID_ARGUMENT.code());
    }
  }

  @Test
  void names_unknown_areToldApart() throws Exception {
    try (TtrpcClient raw = TtrpcClient.over(connection())) {
      assertThat(failure(raw, "grpc.Nothing", "Check")).isEqualTo(TtrpcStatus.INVALID_ARGUMENT);
      assertThat(failure(raw, "grpc.Health", "Nothing")).isEqualTo(TtrpcStatus.UNIMPLEMENTED);
    }
  }

  private static TtrpcStatus failure(TtrpcClient client, String service, String method) {
    try {
      client.call(service, method, NOTHING, CallOptions.waitingFor(LIMIT));
      return TtrpcStatus.OK;
    } catch (TtrpcException e) {
      return e.status();
    }
  }

  @Test
  void calls_manyInFlight_areAllAnswered() throws Exception {
    try (TtrpcClient raw = TtrpcClient.over(connection())) {
      List<CompletableFuture<ByteBuffer>> calls = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        calls.add(raw.callAsync("grpc.Health", "Check", NOTHING, CallOptions.waitingFor(LIMIT)));
      }
      for (CompletableFuture<ByteBuffer> call : calls) {
        ByteBuffer reply = call.get(60, TimeUnit.SECONDS);
        assertThat(reply.remaining()).isEqualTo(2);
        assertThat(reply.get(1)).isEqualTo((byte) 1);
      }
    }
  }

  @Test
  void metadata_unknown_isIgnored() throws Exception {
    try (TtrpcClient raw = TtrpcClient.over(connection())) {
      CallOptions options =
          CallOptions.waitingFor(LIMIT)
              .withMetadata(
                  "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
              .withMetadata("unknown", "1")
              .withMetadata("unknown", "2");
      assertThat(raw.call("grpc.Health", "Check", NOTHING, options).remaining()).isEqualTo(2);
    }
  }

  @Test
  void serverTimeout_ofWaitingCall_isEnforcedByTheAgent() throws Exception {
    try (TtrpcClient raw = TtrpcClient.over(connection())) {
      // The client itself would wait for a minute: the answer is the agent's.
      CompletableFuture<ByteBuffer> call =
          raw.callAsync(
              "grpc.AgentService",
              "GetOOMEvent",
              NOTHING,
              new CallOptions(Duration.ofMillis(300), true, java.util.Map.of()));
      assertThat(call)
          .failsWithin(60, TimeUnit.SECONDS)
          .withThrowableOfType(java.util.concurrent.ExecutionException.class)
          .havingCause()
          .isInstanceOfSatisfying(
              TtrpcException.class,
              e -> assertThat(e.status()).isEqualTo(TtrpcStatus.DEADLINE_EXCEEDED));
    }
  }
}
