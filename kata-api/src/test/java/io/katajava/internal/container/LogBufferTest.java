package io.katajava.internal.container;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.ContainerLog.End;
import io.katajava.ContainerLog.Line;
import io.katajava.ContainerLog.Stream;
import io.katajava.internal.exec.LineConsumer;
import io.katajava.internal.exec.OutputSink;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Lines of a log, and what is not one yet. Time passes when a test says so. */
class LogBufferTest {
  private final List<Runnable> later = new ArrayList<>();
  private final List<Line> seen = new ArrayList<>();
  private final List<Line> ended = new ArrayList<>();
  private final LogBuffer log =
      new LogBuffer(1 << 20, Runnable::run, (delay, task) -> later.add(task));

  private void passTime() {
    List<Runnable> due = List.copyOf(later);
    later.clear();
    due.forEach(Runnable::run);
  }

  private static void write(OutputSink sink, String text) {
    sink.accept(text.getBytes(UTF_8), () -> {});
  }

  private static List<String> texts(List<Line> lines) {
    return lines.stream().map(line -> line.text() + "|" + line.end()).toList();
  }

  @Test
  void line_thatHasNotEnded_isThere_andIsHandedOverWhenItIsQuiet() {
    log.followOpen(seen::add, () -> {});
    log.follow(ended::add);
    OutputSink out = log.sink(Stream.STDOUT);
    write(out, "up\r\nlogin: ");
    assertThat(texts(log.lines())).containsExactly("up|RETURN_AND_NEWLINE", "login: |OPEN");
    assertThat(texts(seen)).containsExactly("up|RETURN_AND_NEWLINE");
    passTime();
    passTime();
    assertThat(texts(seen)).containsExactly("up|RETURN_AND_NEWLINE", "login: |OPEN");
    write(out, "root");
    passTime();
    write(out, "\n");
    out.end(null);
    assertThat(texts(seen))
        .containsExactly(
            "up|RETURN_AND_NEWLINE", "login: |OPEN", "login: root|OPEN", "login: root|NEWLINE");
    assertThat(texts(ended)).containsExactly("up|RETURN_AND_NEWLINE", "login: root|NEWLINE");
    assertThat(later).isEmpty();
  }

  @Test
  void line_thatGrows_isHandedOverNowAndThen_andOneThatEndsInTimeIsNot() {
    log.followOpen(seen::add, () -> {});
    OutputSink out = log.sink(Stream.STDOUT);
    write(out, "half");
    write(out, " a line\n");
    passTime();
    assertThat(texts(seen)).containsExactly("half a line|NEWLINE");
    seen.clear();
    write(out, ".");
    for (int i = 0; i < 8; i++) {
      // Twice each time, so that it is never quiet from one look to the next.
      write(out, ".");
      write(out, ".");
      passTime();
    }
    assertThat(texts(seen)).containsExactly(".".repeat(9) + "|OPEN", ".".repeat(17) + "|OPEN");
  }

  @Test
  void follower_thatComesLate_isToldOfThePrompt() {
    OutputSink out = log.sink(Stream.STDERR);
    write(out, "Password: ");
    passTime();
    log.followOpen(seen::add, () -> {});
    assertThat(texts(seen)).containsExactly("Password: |OPEN");
  }

  @Test
  void end_ofTheOutput_endsItsLine_andIsToldAfterIt() {
    List<String> told = new ArrayList<>();
    log.followOpen(line -> told.add(line.written()), () -> told.add("(end)"));
    OutputSink out = log.sink(Stream.STDOUT);
    OutputSink err = log.sink(Stream.STDERR);
    write(out, "no end");
    write(err, "err\n");
    out.end(null);
    assertThat(told).containsExactly("err\n", "no end");
    err.end(null);
    assertThat(told).containsExactly("err\n", "no end", "(end)");
    assertThat(texts(log.lines())).containsExactly("err|NEWLINE", "no end|NONE");
  }

  @Test
  void text_isWhatWasWritten_howeverItCame() {
    String text = "\u00e9\u4e2d\ud83d\ude00\r\n\n\u00e9\ud83d\ude00";
    OutputSink out = log.sink(Stream.STDOUT);
    for (byte b : text.getBytes(UTF_8)) {
      out.accept(new byte[] {b}, () -> {});
      assertThat(log.lines()).noneMatch(line -> line.text().contains("\ufffd"));
    }
    assertThat(log.lines().stream().map(Line::written).collect(Collectors.joining()))
        .isEqualTo(text);
    out.end(null);
    assertThat(log.lines().stream().map(Line::written).collect(Collectors.joining()))
        .isEqualTo(text);
  }

  @Test
  void line_thatIsTooLong_isCutBetweenCharacters() {
    LogBuffer large = new LogBuffer(16 << 20, Runnable::run, (delay, task) -> {});
    OutputSink out = large.sink(Stream.STDOUT);
    String text = "\u4e2d".repeat((LineConsumer.MAX_LINE + 100) / 3);
    write(out, text + "\n");
    assertThat(large.lines()).hasSize(2);
    assertThat(large.lines().get(0).end()).isEqualTo(End.NONE);
    assertThat(large.lines().stream().map(Line::written).collect(Collectors.joining()))
        .isEqualTo(text + "\n");
  }

  @Test
  void bytes_thatAreNoText_areReplaced_andNothingIsLost() {
    OutputSink out = log.sink(Stream.STDOUT);
    out.accept(new byte[] {'a', (byte) 0xe9, 'b', (byte) 0x80, (byte) 0xe4, '\n'}, () -> {});
    out.accept(new byte[] {(byte) 0xe9}, () -> {});
    assertThat(texts(log.lines())).containsExactly("a\ufffdb\ufffd\ufffd|NEWLINE", "|OPEN");
    out.end(null);
    assertThat(texts(log.lines())).last().isEqualTo("\ufffd|NONE");
  }

  @Test
  void runtime_thatWasClosed_takesOutputStill() {
    LogBuffer closed =
        new LogBuffer(
            100,
            Runnable::run,
            (delay, task) -> {
              throw new RejectedExecutionException("closed");
            });
    OutputSink out = closed.sink(Stream.STDOUT);
    write(out, "late");
    assertThat(texts(closed.lines())).containsExactly("late|OPEN");
  }
}
