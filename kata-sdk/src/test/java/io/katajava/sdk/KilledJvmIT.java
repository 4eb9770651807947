package io.katajava.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.Kata;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The JVM is killed with SIGKILL at every point of a start and during an execution. */
class KilledJvmIT {
  private static final Duration LONGEST_START = Duration.ofSeconds(3);

  @ParameterizedTest
  @ValueSource(
      strings = {
        "guest",
        "host",
        "vm-process",
        "spawned",
        "recorded",
        "qmp",
        "boot",
        "agent",
        "rootfs",
        "running",
        "first-output",
        "exec"
      })
  void kill9_atEveryPoint_leavesNoProcessAndTheNextRuntimeRemovesTheRest(
      String point, @TempDir Path directory) throws Exception {
    killAndLookAround(directory.resolve("s"), point, Duration.ZERO);
  }

  /** The instants lie between the points, too: each run tries others. */
  @RepeatedTest(6)
  void kill9_atAnyInstant_leavesNoProcessAndTheNextRuntimeRemovesTheRest(
      RepetitionInfo repetition, @TempDir Path directory) throws Exception {
    long slice = LONGEST_START.toMillis() / repetition.getTotalRepetitions();
    long millis =
        (repetition.getCurrentRepetition() - 1) * slice
            + ThreadLocalRandom.current().nextLong(slice);
    killAndLookAround(directory.resolve("s"), Victim.ANYWHERE, Duration.ofMillis(millis));
  }

  private static void killAndLookAround(Path state, String point, Duration delay) throws Exception {
    Leftovers leftovers = new Leftovers(state);
    Process jvm =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                Victim.class.getName(),
                state.toString(),
                point)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader out =
        new BufferedReader(new InputStreamReader(jvm.getInputStream(), StandardCharsets.UTF_8))) {
      assertThat(out.readLine()).isEqualTo("at " + point);
      assertThat(jvm.waitFor(delay.toMillis(), TimeUnit.MILLISECONDS)).isFalse();
    } finally {
      jvm.destroyForcibly();
    }
    assertThat(jvm.waitFor(10, TimeUnit.SECONDS)).isTrue();

    // The kernel's tie alone must do this, before any other runtime helps. Only an instant between
    // the spawn and the tie, a millisecond long, needs that help.
    boolean gone = Leftovers.within(Duration.ofSeconds(2), () -> leftovers.processes().isEmpty());
    if (!point.equals(Victim.ANYWHERE)) {
      assertThat(gone).as("no hypervisor 2 s after the kill at %s", point).isTrue();
    }
    Kata.builder().stateDirectory(state).build().close();
    leftovers.assertNone();
  }
}
