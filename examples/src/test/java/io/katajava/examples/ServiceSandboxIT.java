package io.katajava.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The service from its registry, as {@code examples/run service} starts it. */
class ServiceSandboxIT {
  private static final long LIMIT_MINUTES = 10;

  @TempDir Path directory;

  private static Path script() {
    Path here = Path.of("").toAbsolutePath();
    Path examples = here.endsWith("examples") ? here : here.resolve("examples");
    return examples.resolve("service/with-registry");
  }

  @Test
  void webServerAndDatabase_areUsedThroughPublishedPorts() throws Exception {
    Path said = directory.resolve("said");
    Process process =
        new ProcessBuilder(
                script().toString(),
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                ServiceSandbox.class.getName())
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    boolean ended = false;
    try {
      ended = process.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES);
    } finally {
      // Its own end lets the script take the registry down.
      process.destroy();
    }
    String text = Files.readString(said, StandardCharsets.UTF_8);
    assertThat(ended).as(text).isTrue();
    assertThat(process.exitValue()).as(text).isZero();
    assertThat(text)
        .contains("nginx says: Hello from a sandbox.")
        .contains("PostgreSQL says: Ada and Grace were here");
  }
}
