package io.katajava.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.transport.testing.ExactRead;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What every transport has to do once it is connected. */
@Timeout(120)
abstract class ConnectionContract {
  static final Duration SOON = Duration.ofSeconds(30);

  /** Both ends. */
  record Pair(Connection client, Connection server) {}

  /** Something that may block. */
  interface Blocking<T> {
    T run() throws Exception;
  }

  @TempDir Path directory;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private Connection client;
  private Connection server;

  abstract Pair open() throws Exception;

  @BeforeEach
  void connect() throws Exception {
    Pair pair = open();
    client = pair.client();
    server = pair.server();
  }

  @AfterEach
  void close() throws Exception {
    client.close();
    server.close();
    client.close();
    threads.shutdown();
    assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
  }

  final <T> CompletableFuture<T> async(Blocking<T> work) {
    CompletableFuture<T> result = new CompletableFuture<>();
    threads.execute(
        () -> {
          try {
            result.complete(work.run());
          } catch (Throwable e) {
            result.completeExceptionally(e);
          }
        });
    return result;
  }

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  @Test
  void write_inBothDirectionsAtOnce_arrivesWhole() throws Exception {
    byte[] there = random(3_000_000);
    byte[] back = random(2_999_999);
    CompletableFuture<byte[]> gotThere = async(() -> ExactRead.of(server, there.length));
    CompletableFuture<byte[]> gotBack = async(() -> ExactRead.of(client, back.length));
    CompletableFuture<Boolean> answered =
        async(
            () -> {
              server.write(ByteBuffer.wrap(back));
              return true;
            });
    ByteBuffer direct = ByteBuffer.allocateDirect(1_000_000).put(there, 10, 1_000_000).flip();
    client.write(
        ByteBuffer.wrap(there, 0, 10),
        direct,
        ByteBuffer.wrap(there, 1_000_010, there.length - 1_000_010));
    assertThat(gotThere.get(60, TimeUnit.SECONDS)).isEqualTo(there);
    assertThat(gotBack.get(60, TimeUnit.SECONDS)).isEqualTo(back);
    assertThat(answered.get(60, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void read_intoHeapBuffer_getsTheSameBytes() throws Exception {
    byte[] sent = random(1000);
    client.write(ByteBuffer.wrap(sent));
    ByteBuffer heap = ByteBuffer.allocate(1000);
    while (heap.hasRemaining()) {
      assertThat(server.read(heap)).isPositive();
    }
    assertThat(heap.array()).isEqualTo(sent);
  }

  @Test
  void writeAvailable_bitByBit_sendsEverything() throws Exception {
    byte[] sent = random(700_000);
    CompletableFuture<byte[]> received = async(() -> ExactRead.of(server, sent.length));
    ByteBuffer source = ByteBuffer.allocateDirect(sent.length).put(sent).flip();
    while (source.hasRemaining()) {
      client.writeAvailable(source);
    }
    assertThat(received.get(60, TimeUnit.SECONDS)).isEqualTo(sent);
  }

  @Test
  void read_afterPeerClosed_getsTheRestThenTheEnd() throws Exception {
    client.write(ByteBuffer.wrap(new byte[] {1, 2, 3}));
    client.close();
    assertThat(ExactRead.of(server, 3)).containsExactly(1, 2, 3);
    assertThat(server.read(ByteBuffer.allocateDirect(10))).isEqualTo(-1);
  }

  @Test
  void close_wakesTheBlockedReader() throws Exception {
    CompletableFuture<Integer> read = async(() -> client.read(ByteBuffer.allocateDirect(10)));
    client.close();
    assertThatThrownBy(() -> read.get(30, TimeUnit.SECONDS))
        .hasCauseInstanceOf(ConnectionClosedException.class);
  }

  @Test
  void close_wakesTheBlockedWriter() throws Exception {
    CompletableFuture<Boolean> write =
        async(
            () -> {
              client.write(ByteBuffer.allocateDirect(64 << 20));
              return true;
            });
    // The peer sees the first bytes and takes no more.
    ExactRead.of(server, 1);
    client.close();
    assertThatThrownBy(() -> write.get(30, TimeUnit.SECONDS))
        .hasCauseInstanceOf(ConnectionClosedException.class);
  }

  @Test
  void write_afterPeerClosed_fails() throws Exception {
    server.close();
    assertThatThrownBy(
            () -> {
              // The first bytes may still be taken by the system.
              for (int i = 0; i < 1000; i++) {
                client.write(ByteBuffer.allocateDirect(1 << 20));
              }
            })
        .isInstanceOf(IOException.class);
  }

  @Test
  void use_afterClose_saysThatItWasClosedHere() {
    client.close();
    assertThatThrownBy(() -> client.read(ByteBuffer.allocateDirect(1)))
        .isInstanceOf(ConnectionClosedException.class);
    assertThatThrownBy(() -> client.write(ByteBuffer.allocateDirect(1)))
        .isInstanceOf(ConnectionClosedException.class);
  }

  @Test
  void writes_ofManyThreads_areNeverInterleaved() throws Exception {
    int writers = 8;
    int rounds = 50;
    int size = 1000;
    CompletableFuture<byte[]> received = async(() -> ExactRead.of(server, writers * rounds * size));
    for (int w = 0; w < writers; w++) {
      byte[] block = new byte[size];
      Arrays.fill(block, (byte) w);
      threads.execute(
          () -> {
            try {
              for (int i = 0; i < rounds; i++) {
                client.write(ByteBuffer.wrap(block, 0, 10), ByteBuffer.wrap(block, 10, size - 10));
              }
            } catch (IOException e) {
              throw new java.io.UncheckedIOException(e);
            }
          });
    }
    byte[] all = received.get(60, TimeUnit.SECONDS);
    for (int start = 0; start < all.length; start += size) {
      for (int i = 1; i < size; i++) {
        assertThat(all[start + i]).isEqualTo(all[start]);
      }
    }
  }
}
