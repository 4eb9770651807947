package io.katajava.agent.ttrpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.katajava.transport.Connection;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever ends a thread of the client: nobody waits on. */
@Timeout(60)
class ThreadDeathTest {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);
  private static final CallOptions NO_LIMIT = new CallOptions(Duration.ZERO, false, Map.of());

  /** Reads wait until they shall fail; writes fail if they shall. */
  private static final class Dying implements Connection {
    final CountDownLatch reads = new CountDownLatch(1);
    final CountDownLatch closed = new CountDownLatch(1);
    volatile Supplier<Error> onRead = () -> new OutOfMemoryError("as if");
    volatile @Nullable Supplier<Error> onWrite;
    volatile boolean takesNothing;

    @Override
    public int read(ByteBuffer destination) {
      try {
        reads.await();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      throw onRead.get();
    }

    @Override
    public int writeAvailable(ByteBuffer source) {
      if (takesNothing) {
        return 0;
      }
      write(source);
      return 0;
    }

    @Override
    public void write(ByteBuffer... sources) {
      Supplier<Error> failure = onWrite;
      if (failure != null) {
        throw failure.get();
      }
      for (ByteBuffer source : sources) {
        source.position(source.limit());
      }
    }

    @Override
    public void close() {
      closed.countDown();
      reads.countDown();
    }

    @Override
    public String describe() {
      return "dying";
    }
  }

  @ParameterizedTest
  @ValueSource(classes = {OutOfMemoryError.class, StackOverflowError.class, LinkageError.class})
  void reader_thatDies_failsCallsWithoutALimit(Class<? extends Error> kind) throws Exception {
    Dying connection = new Dying();
    connection.onRead =
        () -> {
          try {
            return kind.getDeclaredConstructor().newInstance();
          } catch (ReflectiveOperationException e) {
            throw new LinkageError("no such error", e);
          }
        };
    try (TtrpcClient client = TtrpcClient.over(connection)) {
      CompletableFuture<ByteBuffer> later = client.callAsync("s", "Wait", NOTHING, NO_LIMIT);
      CompletableFuture<Throwable> blocked =
          CompletableFuture.supplyAsync(
              () -> catchThrowable(() -> client.call("s", "Wait", NOTHING, NO_LIMIT)));
      connection.reads.countDown();
      assertThat(client.onClose().get(10, TimeUnit.SECONDS).status())
          .isEqualTo(TtrpcStatus.UNAVAILABLE);
      assertThatThrownBy(() -> later.get(10, TimeUnit.SECONDS))
          .hasCauseInstanceOf(TtrpcException.class)
          .hasMessageContaining("dying is lost");
      assertThat(blocked.get(10, TimeUnit.SECONDS)).isInstanceOf(TtrpcException.class);
      assertThat(connection.closed.getCount()).isZero();
    }
  }

  @Test
  void callbacks_forWhichThereIsNoThread_areRunAllTheSame() throws Exception {
    Dying connection = new Dying();
    Executor none =
        task -> {
          throw new OutOfMemoryError("unable to create native thread, as if");
        };
    try (TtrpcClient client =
        TtrpcClient.over(connection, TtrpcClientOptions.named("none").withCallbacks(none))) {
      List<CompletableFuture<ByteBuffer>> calls = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        calls.add(client.callAsync("s", "Wait", NOTHING, NO_LIMIT));
      }
      CompletableFuture<TtrpcException> closed = client.onClose();
      connection.reads.countDown();
      for (CompletableFuture<ByteBuffer> call : calls) {
        assertThatThrownBy(() -> call.get(10, TimeUnit.SECONDS))
            .hasCauseInstanceOf(TtrpcException.class);
      }
      assertThat(closed.get(10, TimeUnit.SECONDS)).isNotNull();
    }
  }

  @Test
  void caller_whoseWriteDies_failsAllOthersToo() throws Exception {
    Dying connection = new Dying();
    try (TtrpcClient client = TtrpcClient.over(connection)) {
      CompletableFuture<ByteBuffer> before = client.callAsync("s", "Wait", NOTHING, NO_LIMIT);
      connection.onWrite = () -> new OutOfMemoryError("as if");
      assertThatThrownBy(() -> client.call("s", "Wait", NOTHING, NO_LIMIT))
          .isInstanceOf(TtrpcException.class);
      assertThatThrownBy(() -> before.get(10, TimeUnit.SECONDS))
          .hasCauseInstanceOf(TtrpcException.class);
    }
  }

  @Test
  void writersThread_thatDies_failsAllCalls() throws Exception {
    Dying connection = new Dying();
    connection.takesNothing = true;
    connection.onWrite = () -> new StackOverflowError("as if");
    try (TtrpcClient client = TtrpcClient.over(connection)) {
      assertThatThrownBy(
              () -> client.callAsync("s", "Wait", NOTHING, NO_LIMIT).get(10, TimeUnit.SECONDS))
          .hasCauseInstanceOf(TtrpcException.class);
      assertThat(client.onClose().get(10, TimeUnit.SECONDS)).hasMessageContaining("writing failed");
    }
  }
}
