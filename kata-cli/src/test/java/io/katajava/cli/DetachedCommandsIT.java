package io.katajava.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A sandbox that is left running, from one process of the command to the next. */
class DetachedCommandsIT {
  private static final long LIMIT_SECONDS = 120;

  @TempDir Path directory;

  private record Finished(int code, String out, String err) {}

  private Finished kata(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx256m", "-cp", System.getProperty("java.class.path")));
    command.add(KataCommand.class.getName());
    command.addAll(List.of(arguments));
    Path out = directory.resolve("out");
    Path err = directory.resolve("err");
    Process process =
        new ProcessBuilder(command)
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    try {
      assertThat(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
      return new Finished(process.exitValue(), text(out), text(err));
    } finally {
      process.destroyForcibly();
    }
  }

  private static String text(Path file) throws IOException {
    return Files.readString(file, StandardCharsets.UTF_8);
  }

  @Test
  void sandboxLeftRunning_isListedAttachedToAndStopped() throws Exception {
    Finished left = kata("run", "--detach", "--lifetime", "10m", "--", "sleep", "778");
    assertThat(left.code()).as(left.err()).isZero();
    String id = left.out().strip();
    try {
      assertThat(kata("ps").out().lines().filter(line -> line.startsWith(id)))
          .singleElement()
          .asString()
          .contains("detached");
      assertThat(kata("attach", id, "--", "ps", "-o", "args").out()).contains("sleep 778");
      assertThat(kata("attach", id, "--", "sh", "-c", "exit 9").code()).isEqualTo(9);
      assertThat(kata("attach", id, "--", "no-such-command").code()).isEqualTo(127);
      assertThat(kata("attach", "--container", "other", id, "--", "true").err()).contains("main");
      assertThat(kata("attach", "nosuch", "--", "true").code()).isEqualTo(1);
    } finally {
      assertThat(kata("stop", id).out()).isEqualTo(id + "\n");
    }
    assertThat(kata("ps", "-q").out().lines()).doesNotContain(id);
    assertThat(kata("attach", id, "--", "true").code()).isEqualTo(1);
  }

  @Test
  void commandThatCannotBeStarted_leavesNothingRunning() throws Exception {
    // Others of this user may be running.
    List<String> before = detached();
    Finished failed = kata("run", "-d", "--", "no-such-command");
    assertThat(failed.code()).isEqualTo(127);
    assertThat(failed.out()).isEmpty();
    assertThat(before).containsAll(detached());
  }

  private List<String> detached() throws IOException, InterruptedException {
    return kata("ps")
        .out()
        .lines()
        .filter(line -> line.contains("detached"))
        .map(line -> line.split(" ", 2)[0])
        .toList();
  }
}
