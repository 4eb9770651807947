package io.katajava.agent.ttrpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.agent.AgentAddress;
import io.katajava.agent.AgentClient;
import io.katajava.agent.AgentClientOptions;
import io.katajava.agent.HealthStatus;
import io.katajava.transport.Connection;
import io.katajava.transport.UnixSocketConnection;
import io.katajava.transport.UnixSocketListener;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Many calls and connections at once: threads, and turns. */
@Timeout(120)
class ManyCallsTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  @TempDir Path directory;

  @Test
  void callsInFlight_byTheThousands_needNoThreads() throws Exception {
    CompletableFuture<byte[]> answer = new CompletableFuture<>();
    try (TtrpcServer server =
        TtrpcServer.builder()
            .async("t", "later", request -> answer)
            .async("t", "now", request -> CompletableFuture.completedFuture(new byte[0]))
            .build()) {
      UnixSocketListener listener = UnixSocketListener.listen(directory.resolve("s"));
      server.listen(listener);
      try (TtrpcClient client =
          TtrpcClient.over(UnixSocketConnection.connect(listener.path(), SOON))) {
        client.call("t", "now", NOTHING, CallOptions.waitingFor(SOON));
        Set<Thread> before = ours();
        List<CompletableFuture<ByteBuffer>> calls = new ArrayList<>();
        for (int i = 0; i < TtrpcServer.MAX_CALLS - 1; i++) {
          calls.add(client.callAsync("t", "later", NOTHING, CallOptions.waitingFor(SOON)));
        }
        // Answered after all of them were read.
        client.call("t", "now", NOTHING, CallOptions.waitingFor(SOON));
        Set<Thread> more = ours();
        more.removeAll(before);
        // The timer of the deadlines, and a writer if the socket was full for a moment.
        assertThat(more).hasSizeLessThanOrEqualTo(3);
        answer.complete(new byte[] {1});
        for (CompletableFuture<ByteBuffer> call : calls) {
          assertThat(call.get(60, TimeUnit.SECONDS).get(0)).isEqualTo((byte) 1);
        }
      }
    }
  }

  @Test
  void connections_aHundred_haveOneThreadEach() throws Exception {
    try (TtrpcServer server =
        TtrpcServer.builder()
            .async("t", "now", request -> CompletableFuture.completedFuture(new byte[0]))
            .build()) {
      UnixSocketListener listener = UnixSocketListener.listen(directory.resolve("s"));
      server.listen(listener);
      Set<Thread> before = ours();
      List<TtrpcClient> clients = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        clients.add(TtrpcClient.over(UnixSocketConnection.connect(listener.path(), SOON)));
      }
      for (TtrpcClient client : clients) {
        client.call("t", "now", NOTHING, CallOptions.waitingFor(SOON));
      }
      Set<Thread> more = ours();
      more.removeAll(before);
      assertThat(more.stream().filter(t -> t.getName().startsWith("ttrpc-reader-"))).hasSize(100);
      assertThat(more.stream().filter(t -> !t.getName().startsWith("ttrpc-server-")))
          .hasSizeLessThanOrEqualTo(103);
      clients.forEach(TtrpcClient::close);
      Set<Thread> left = ours();
      left.removeAll(before);
      assertThat(left.stream().filter(t -> t.getName().startsWith("ttrpc-reader-"))).isEmpty();
    }
  }

  private static Set<Thread> ours() {
    Set<Thread> all = new java.util.HashSet<>(Thread.getAllStackTraces().keySet());
    all.removeIf(thread -> !thread.getName().startsWith("ttrpc-"));
    return all;
  }

  /** The peer reads nothing until the small call waits behind a chunk that does not fit. */
  @Test
  void smallCall_behindALargeTransfer_waitsForOneChunkOnly() throws Exception {
    Path file = Files.write(directory.resolve("large"), new byte[5 << 20]);
    try (UnixSocketListener listener = UnixSocketListener.listen(directory.resolve("s"))) {
      CompletableFuture<Connection> accepted =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return listener.accept();
                } catch (java.io.IOException e) {
                  throw new java.io.UncheckedIOException(e);
                }
              });
      try (AgentClient client =
              AgentClient.connect(
                  new AgentAddress.UnixSocket(listener.path()),
                  AgentClientOptions.builder().build());
          Connection peer = accepted.get(20, TimeUnit.SECONDS)) {
        CompletableFuture<Void> copy =
            CompletableFuture.runAsync(
                () -> {
                  try {
                    client.files().copy(file, "/run/kata-containers/shared/containers/x", 0644);
                  } catch (java.io.IOException e) {
                    throw new java.io.UncheckedIOException(e);
                  }
                });
        FrameReader requests = new FrameReader(peer, false);
        List<String> order = new ArrayList<>();
        CompletableFuture<HealthStatus> check = null;
        for (int i = 0; i < 6; i++) {
          Frame frame = Objects.requireNonNull(requests.next());
          TtrpcRequest request = Envelope.parseRequest(Objects.requireNonNull(frame.body()));
          order.add(request.method());
          if (check == null) {
            check = CompletableFuture.supplyAsync(client::check);
            // Read, but not answered yet: the small call comes although the transfer goes on.
            Frame small = Objects.requireNonNull(requests.next());
            order.add(Envelope.parseRequest(Objects.requireNonNull(small.body())).method());
            Wire.send(peer, Wire.response(small.streamId(), new byte[] {8, 1}));
            i++;
          }
          Wire.send(peer, Wire.response(frame.streamId(), new byte[0]));
        }
        copy.get(20, TimeUnit.SECONDS);
        assertThat(Objects.requireNonNull(check).get(20, TimeUnit.SECONDS))
            .isEqualTo(HealthStatus.SERVING);
        assertThat(order)
            .containsExactly("CopyFile", "Check", "CopyFile", "CopyFile", "CopyFile", "CopyFile");
      }
    }
  }
}
