package io.katajava.internal.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.ContainerLog;
import io.katajava.internal.exec.OutputBuffer;
import io.katajava.internal.exec.OutputPublisher;
import io.katajava.internal.exec.OutputPump;
import io.katajava.internal.exec.OutputSink;
import io.katajava.internal.exec.SerialTask;
import io.katajava.internal.run.Workers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tasks of the engine in which an Error is thrown: whoever waits for them hears of it. */
@Timeout(30)
class ErrorsInTasksTest {
  private final Error error = new OutOfMemoryError("as if");

  @Test
  void pump_whoseSinkThrows_endsTheStream() {
    CompletableFuture<Throwable> ended = new CompletableFuture<>();
    OutputSink sink =
        new OutputSink() {
          @Override
          public boolean accept(byte[] chunk, Runnable resume) {
            throw error;
          }

          @Override
          public void end(@Nullable Throwable failure) {
            ended.complete(failure == null ? new AssertionError("a real end") : failure);
          }
        };
    CompletableFuture<Void> pumped =
        new OutputPump(() -> CompletableFuture.completedFuture(new byte[] {1}), sink, Runnable::run)
            .start();
    assertThat(ended.join()).isSameAs(error);
    assertThatThrownBy(pumped::join).hasCause(error);
  }

  @Test
  void pump_thatCannotAsk_endsTheStream() {
    OutputBuffer buffer = new OutputBuffer();
    new OutputPump(
            () -> {
              throw error;
            },
            buffer,
            Runnable::run)
        .start();
    assertThatThrownBy(buffer::read).hasRootCause(error);
  }

  @Test
  void pump_forWhichThereIsNoThread_goesOn() throws Exception {
    Queue<byte[]> chunks = new ArrayDeque<>(List.of(new byte[] {1}, new byte[] {2}, new byte[0]));
    OutputBuffer buffer = new OutputBuffer();
    new OutputPump(
            () -> CompletableFuture.completedFuture(chunks.remove()),
            buffer,
            task -> {
              throw new OutOfMemoryError("unable to create native thread, as if");
            })
        .start();
    assertThat(buffer.readAllBytes()).containsExactly(1, 2);
  }

  @Test
  void serialTask_thatThrew_runsAgain() {
    AtomicInteger runs = new AtomicInteger();
    List<Throwable> told = new ArrayList<>();
    SerialTask task =
        new SerialTask(
            () -> {
              if (runs.incrementAndGet() == 1) {
                throw error;
              }
            },
            Runnable::run,
            told::add);
    task.schedule();
    task.schedule();
    assertThat(runs).hasValue(2);
    assertThat(told).containsExactly(error);
  }

  @Test
  void subscriber_ofOutput_isToldOfAnError() throws Exception {
    OutputBuffer buffer = new OutputBuffer();
    CompletableFuture<Throwable> told = new CompletableFuture<>();
    new OutputPublisher(buffer, Runnable::run)
        .subscribe(
            new Flow.Subscriber<ByteBuffer>() {
              @Override
              public void onSubscribe(Flow.Subscription subscription) {
                subscription.request(9);
              }

              @Override
              public void onNext(ByteBuffer item) {
                throw error;
              }

              @Override
              public void onError(Throwable failure) {
                told.complete(failure);
              }

              @Override
              public void onComplete() {}
            });
    buffer.accept(new byte[] {1}, () -> {});
    assertThat(told.get(5, TimeUnit.SECONDS)).isSameAs(error);
  }

  @Test
  void follower_ofALog_thatThrows_holdsUpNoOther() {
    LogBuffer log = new LogBuffer(1 << 20, Runnable::run, (delay, task) -> {});
    List<String> seen = new ArrayList<>();
    log.follow(
        line -> {
          throw error;
        },
        () -> {});
    log.follow(line -> seen.add(line.text()), () -> {});
    log.sink(ContainerLog.Stream.STDOUT)
        .accept("a\nb\n".getBytes(StandardCharsets.UTF_8), () -> {});
    assertThat(seen).containsExactly("a", "b");
  }

  @Test
  void worker_thatThrows_leavesTimerAndWorkersGoing() throws Exception {
    CountDownLatch ran = new CountDownLatch(1);
    try (Workers workers = new Workers()) {
      workers.after(
          Duration.ZERO,
          () -> {
            throw error;
          });
      workers.after(Duration.ofMillis(20), ran::countDown);
      assertThat(ran.await(5, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void log_ofEmptyLines_countsWhatTheyCost() {
    LogBuffer log = new LogBuffer(LogBuffer.LINE_COST * 10L, Runnable::run, (delay, task) -> {});
    OutputSink sink = log.sink(ContainerLog.Stream.STDOUT);
    sink.accept("\n".repeat(1000).getBytes(StandardCharsets.UTF_8), () -> {});
    assertThat(log.lines()).hasSize(10);
    assertThat(log.droppedLines()).isEqualTo(990);
  }
}
