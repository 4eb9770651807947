package io.katajava.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.Kata;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The JVM is killed with SIGKILL at every point of a start and during an execution. */
class KilledJvmIT {

  @ParameterizedTest
  @ValueSource(
      strings = {"host", "vm-process", "spawned", "recorded", "qmp", "boot", "running", "exec"})
  void kill9_anywhere_leavesNoProcessAndTheNextRuntimeRemovesTheRest(
      String point, @TempDir Path directory) throws Exception {
    Path state = directory.resolve("s");
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
    } finally {
      jvm.destroyForcibly();
    }
    assertThat(jvm.waitFor(10, TimeUnit.SECONDS)).isTrue();

    // The kernel's tie alone must do this, before any other runtime helps.
    assertThat(Leftovers.within(Duration.ofSeconds(2), () -> leftovers.processes().isEmpty()))
        .as("no hypervisor 2 s after the kill at %s", point)
        .isTrue();
    Kata.builder().stateDirectory(state).build().close();
    leftovers.assertNone();
  }
}
