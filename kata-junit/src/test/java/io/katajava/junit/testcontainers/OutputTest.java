package io.katajava.junit.testcontainers;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.github.dockerjava.api.model.Frame;
import com.github.dockerjava.api.model.StreamType;
import io.katajava.testing.FakeProcess;
import io.katajava.wait.Wait;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.containers.output.FrameConsumerResultCallback;
import org.testcontainers.containers.output.OutputFrame;
import org.testcontainers.containers.output.OutputFrame.OutputType;
import org.testcontainers.containers.output.ToStringConsumer;
import org.testcontainers.containers.output.WaitingConsumer;

/** What a container wrote, in Testcontainers' words: frames and texts. */
@Timeout(180)
class OutputTest {
  private static final int PATIENCE_SECONDS = 60;

  /** What programs write: line ends of all kinds, none, colours, progress, other alphabets. */
  private static final List<String> OUTPUTS =
      List.of(
          "one\ntwo\n",
          "no end",
          "a\r\nb\r\nc",
          "\n\n",
          "10 %\r20 %\r100 %\n",
          "last\r",
          "\u001b[31mred\u001b[0m and \u001b[1;32mgreen\u001b[0m\n",
          "\u00e9t\u00e9 \u4e2d\u6587 \ud83d\ude00\nlogin: ",
          " leading and trailing \n\ttab\n");

  @TempDir Path directory;
  private FakeGuest guest;

  @BeforeEach
  void open() throws Exception {
    guest = new FakeGuest(directory);
  }

  @AfterEach
  void close() {
    guest.close();
  }

  private static List<String> texts(List<OutputFrame> frames) {
    return frames.stream().map(frame -> frame.getType() + " " + frame.getUtf8String()).toList();
  }

  /** What Testcontainers itself makes of these bytes. */
  private static List<OutputFrame> theirs(String output, ToStringConsumer text) throws Exception {
    List<OutputFrame> frames = new ArrayList<>();
    try (FrameConsumerResultCallback callback = new FrameConsumerResultCallback();
        FrameConsumerResultCallback second = new FrameConsumerResultCallback()) {
      callback.addConsumer(OutputType.STDOUT, frames::add);
      second.addConsumer(OutputType.STDOUT, text);
      callback.onNext(new Frame(StreamType.STDOUT, output.getBytes(UTF_8)));
      second.onNext(new Frame(StreamType.STDOUT, output.getBytes(UTF_8)));
    }
    return frames;
  }

  @Test
  void output_isInTheFramesAndTexts_inWhichTestcontainersDeliversIt() throws Exception {
    for (String output : OUTPUTS) {
      guest.behaviour = process -> process.stdout(output).closeOutput().exit(0);
      List<OutputFrame> frames = new ArrayList<>();
      ToStringConsumer ours = new ToStringConsumer();
      WaitingConsumer framesEnd = new WaitingConsumer();
      WaitingConsumer end = new WaitingConsumer();
      try (KataContainer job =
          guest
              .container("job")
              // Each consumer is served for itself, so each has an end of its own to wait for.
              .withLogConsumer(
                  frame -> {
                    frames.add(frame);
                    framesEnd.accept(frame);
                  })
              .withLogConsumer(ours.andThen(end))
              .waitingFor(Wait.forExit())) {
        job.start();
        framesEnd.waitUntilEnd(PATIENCE_SECONDS, TimeUnit.SECONDS);
        end.waitUntilEnd(PATIENCE_SECONDS, TimeUnit.SECONDS);
        WaitingConsumer again = new WaitingConsumer();
        job.followOutput(again);
        again.waitUntilEnd(PATIENCE_SECONDS, TimeUnit.SECONDS);

        ToStringConsumer theirs = new ToStringConsumer();
        assertThat(texts(frames)).isEqualTo(texts(theirs(output, theirs)));
        assertThat(ours.toUtf8String()).isEqualTo(theirs.toUtf8String());
        assertThat(job.getLogs()).isEqualTo(theirs.toUtf8String());
      }
    }
  }

  @Test
  void colours_areKept_whereAConsumerWantsThem() throws Exception {
    guest.behaviour = process -> process.stdout("\u001b[31mred\u001b[0m\n").closeOutput().exit(0);
    ToStringConsumer coloured = new ToStringConsumer().withRemoveAnsiCodes(false);
    WaitingConsumer end = new WaitingConsumer();
    try (KataContainer job =
        guest.container("job").withLogConsumer(coloured).waitingFor(Wait.forExit())) {
      job.start();
      job.followOutput(end);
      end.waitUntilEnd(PATIENCE_SECONDS, TimeUnit.SECONDS);
      assertThat(coloured.toUtf8String()).isEqualTo("\u001b[31mred\u001b[0m\n");
    }
  }

  @Test
  void prompt_isInTheTextAtOnce_andInAFrameSoon() throws Exception {
    BlockingQueue<OutputFrame> frames = new LinkedBlockingQueue<>();
    ToStringConsumer text = new ToStringConsumer();
    try (KataContainer shell =
        guest
            .container("login")
            .withLogConsumer(frames::add)
            .withLogConsumer(text)
            .waitingFor(Wait.forLogMessage("login: $"))) {
      guest.behaviour = process -> process.stdout("up\nlogin: ");
      shell.start();
      assertThat(shell.getLogs()).isEqualTo("up\nlogin: ");
      assertThat(FakeGuest.take(frames).getUtf8String()).isEqualTo("up\n");
      assertThat(FakeGuest.take(frames).getUtf8String()).isEqualTo("login: ");

      BlockingQueue<OutputFrame> late = new LinkedBlockingQueue<>();
      shell.followOutput(late::add);
      assertThat(FakeGuest.take(late).getUtf8String()).isEqualTo("up\n");
      assertThat(FakeGuest.take(late).getUtf8String()).isEqualTo("login: ");

      FakeProcess process = guest.begun.remove();
      process.stdout("root\nPassword: ");
      assertThat(FakeGuest.take(frames).getUtf8String()).isEqualTo("root\n");
      assertThat(FakeGuest.take(frames).getUtf8String()).isEqualTo("Password: ");
      process.closeOutput().exit(0);
      assertThat(FakeGuest.take(frames)).isSameAs(OutputFrame.END);
      assertThat(text.toUtf8String()).isEqualTo("up\nlogin: root\nPassword: ");
    }
  }

  @Test
  void expressions_thatTestcontainersFinds_areFound() throws Exception {
    String line = "LOG:  database system is ready to accept connections";
    for (String regex :
        List.of(
            ".*ready to accept connections.*\\s",
            ".*ready to accept connections.*\\n",
            ".*database system is ready to accept connections.*",
            "^.*ready.*$",
            "(?i).*READY TO ACCEPT.*\\n",
            "LOG:.*connections\\R",
            ".*connections.")) {
      assertThat(line + "\n").as("as Testcontainers matches").matches("(?s)" + regex);
      guest.behaviour = process -> process.stdout(line + "\n");
      try (KataContainer server =
          guest.container("postgres").waitingFor(Wait.forLogMessage(regex, 1))) {
        server.start();
      }
    }
    guest.behaviour =
        process -> process.stdout("a\r\n\u001b[32mINFO\u001b[0m started\r\n").stderr("no end");
    for (String regex : List.of("^a\\r\\n$", "INFO started\\s", "started$", "no end\\z")) {
      try (KataContainer server = guest.container("x").waitingFor(Wait.forLogMessage(regex))) {
        server.start();
      }
    }
  }
}
