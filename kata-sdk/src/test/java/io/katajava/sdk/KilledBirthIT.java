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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The JVM is killed with SIGKILL while it builds a template or forks, at instants of no choice. */
class KilledBirthIT {
  @ParameterizedTest
  @CsvSource({"build,0", "build,600", "build,1200", "build,2400", "fork,0", "fork,300", "fork,600"})
  void kill9_leavesNothingAfterTheNextRuntimeHasLooked(String what, int millis) throws Exception {
    try (OpenStore store = new OpenStore()) {
      Process jvm =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx256m",
                  "-cp",
                  System.getProperty("java.class.path"),
                  BirthVictim.class.getName(),
                  store.state().toString(),
                  store.templates().toString(),
                  what)
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      try (BufferedReader out =
          new BufferedReader(new InputStreamReader(jvm.getInputStream(), StandardCharsets.UTF_8))) {
        assertThat(out.readLine()).isEqualTo("begins");
        int delay = millis + ThreadLocalRandom.current().nextInt(300);
        assertThat(jvm.waitFor(delay, TimeUnit.MILLISECONDS)).isFalse();
      } finally {
        jvm.destroyForcibly();
      }
      assertThat(jvm.waitFor(10, TimeUnit.SECONDS)).isTrue();

      Leftovers leftovers = new Leftovers(store.state());
      Leftovers.within(Duration.ofSeconds(2), () -> leftovers.processes().isEmpty());
      Kata.builder().stateDirectory(store.state()).templates(store.settings()).build().close();
      leftovers.assertNone();
      assertThat(store.drafts()).as("drafts of templates").isEmpty();
    }
  }
}
