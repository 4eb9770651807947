package io.katajava.internal.exec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class OutputBufferTest {
  private final OutputBuffer buffer = new OutputBuffer();

  @Test
  void read_afterEnd_givesTheRestThenEndOfFile() throws IOException {
    buffer.accept(new byte[] {1, 2, 3}, () -> {});
    buffer.end(null);

    assertThat(buffer.readAllBytes()).containsExactly(1, 2, 3);
    assertThat(buffer.read()).isEqualTo(-1);
  }

  @Test
  void accept_full_asksForNoMoreUntilHalfIsRead() throws IOException {
    AtomicInteger resumed = new AtomicInteger();

    boolean more = buffer.accept(new byte[OutputBuffer.CAPACITY], resumed::incrementAndGet);
    buffer.readNBytes(OutputBuffer.CAPACITY / 2 - 1);
    int before = resumed.get();
    buffer.readNBytes(1);

    assertThat(more).isFalse();
    assertThat(before).isZero();
    assertThat(resumed.get()).isEqualTo(1);
  }

  @Test
  void close_full_resumesAndThrowsAwayWhatComes() throws IOException {
    AtomicInteger resumed = new AtomicInteger();
    buffer.accept(new byte[OutputBuffer.CAPACITY], resumed::incrementAndGet);

    buffer.close();

    assertThat(resumed.get()).isEqualTo(1);
    assertThat(buffer.accept(new byte[OutputBuffer.CAPACITY], () -> {})).isTrue();
    assertThat(buffer.read()).isEqualTo(-1);
  }

  @Test
  void read_interrupted_keepsTheInterrupt() throws Exception {
    CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
    Thread reader =
        new Thread(
            () -> {
              assertThatThrownBy(buffer::read).isInstanceOf(InterruptedIOException.class);
              interrupted.complete(Thread.currentThread().isInterrupted());
            });
    reader.start();
    reader.interrupt();
    reader.join();

    assertThat(interrupted.get()).isTrue();
  }
}
