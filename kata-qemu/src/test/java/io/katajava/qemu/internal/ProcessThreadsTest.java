package io.katajava.qemu.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Threads beside a machine, and Errors thrown in them. */
@Timeout(30)
class ProcessThreadsTest {

  /** A list that cannot be made an array of, which is where a process is started. */
  private static final class Poisoned extends ArrayList<String> {
    private static final long serialVersionUID = 1L;

    @Override
    public <T> T[] toArray(T[] target) {
      throw new OutOfMemoryError("unable to create native thread, as if");
    }
  }

  @Test
  void spawner_afterAnError_tellsAndSpawnsOn() throws Exception {
    assertThatThrownBy(() -> Spawner.spawn(new ProcessBuilder(new Poisoned())))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("as if");
    Process process = Spawner.spawn(new ProcessBuilder("true"));
    assertThat(process.waitFor()).isZero();
  }

  @Test
  void output_whoseReaderDies_endsAndSaysWhy() throws Exception {
    CountDownLatch closed = new CountDownLatch(1);
    InputStream dying =
        new InputStream() {
          @Override
          public int read() {
            throw new StackOverflowError("as if");
          }

          @Override
          public int read(byte[] target, int offset, int length) {
            throw new StackOverflowError("as if");
          }

          @Override
          public void close() {
            closed.countDown();
          }
        };
    OutputTail tail = new OutputTail("test-output", dying);
    CompletableFuture<Void> ended = new CompletableFuture<>();
    tail.onEnd(() -> ended.complete(null));
    ended.get(5, TimeUnit.SECONDS);
    tail.join();

    assertThat(tail.text()).contains("broke off").contains("as if");
    assertThat(closed.await(5, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void alarm_afterOneThatThrew_goesOff() throws Exception {
    CountDownLatch wentOff = new CountDownLatch(1);
    Alarm.after(
        Duration.ZERO,
        () -> {
          throw new NoClassDefFoundError("as if");
        });
    Alarm.after(Duration.ofMillis(20), wentOff::countDown);
    assertThat(wentOff.await(5, TimeUnit.SECONDS)).isTrue();
  }
}
