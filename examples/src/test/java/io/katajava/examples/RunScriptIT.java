package io.katajava.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code examples/run} as a user runs it, on what this build made. */
class RunScriptIT {
  private static final Path SCRIPT = Path.of("run").toAbsolutePath();

  @TempDir Path directory;

  private record Run(int exitCode, String output) {}

  private Process start(Path output, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(SCRIPT.toString()));
    command.addAll(Arrays.asList(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectInput(new File("/dev/null"))
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    builder.environment().put("KATA_BUILT", "yes");
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    return builder.start();
  }

  private Run run(String... arguments) throws IOException, InterruptedException {
    Path output = directory.resolve("output");
    Process process = start(output, arguments);
    try {
      assertThat(process.waitFor(5, TimeUnit.MINUTES)).as("it ends").isTrue();
      return new Run(process.exitValue(), Files.readString(output));
    } finally {
      process.destroyForcibly();
    }
  }

  private static List<String> listed(String output) {
    return Pattern.compile("^names: (.*)$", Pattern.MULTILINE)
        .matcher(output)
        .results()
        .flatMap(line -> Arrays.stream(line.group(1).strip().split(" ")))
        .toList();
  }

  @Test
  void noName_listsTheExamplesOfTheDocumentation() throws Exception {
    Run none = run();
    assertThat(none.exitCode()).isEqualTo(2);
    List<String> documented =
        Pattern.compile("`examples/run ([a-z]+)[^`]*` \\|")
            .matcher(Files.readString(SCRIPT.resolveSibling("../docs/examples.md")))
            .results()
            .map(row -> row.group(1))
            .sorted()
            .toList();
    assertThat(listed(none.output())).isEqualTo(documented).contains("hello");
    assertThat(run("nonesuch").exitCode()).isEqualTo(2);
  }

  @Test
  void hello_saysWhatTheGuestIs() throws Exception {
    Run hello = run("hello");
    assertThat(hello.output()).contains("Linux ").contains("GNU/Linux");
    assertThat(hello.exitCode()).isZero();
  }

  @Test
  void arguments_reachTheExample() throws Exception {
    Run untrusted = run("untrusted", "echo said by the argument");
    assertThat(untrusted.output()).contains("said by the argument");
    assertThat(untrusted.exitCode()).isZero();
  }

  @Test
  void orchestrator_inTheBackground_servesUntilItIsEnded() throws Exception {
    Path output = directory.resolve("serving");
    Process process = start(output, "orchestrator", "0");
    try {
      URI run = URI.create(address(process, output));
      HttpResponse<String> answer =
          HttpClient.newHttpClient()
              .send(
                  HttpRequest.newBuilder(run)
                      .POST(HttpRequest.BodyPublishers.ofString("echo served"))
                      .build(),
                  HttpResponse.BodyHandlers.ofString());
      assertThat(answer.body()).isEqualTo("served\n");
      process.destroy();
      assertThat(process.waitFor(2, TimeUnit.MINUTES)).as("it ends").isTrue();
    } finally {
      process.destroyForcibly();
    }
  }

  /** What it says it listens at. */
  private static String address(Process process, Path output) throws Exception {
    Pattern address = Pattern.compile("http://localhost:\\d+/run\n");
    long limit = System.nanoTime() + Duration.ofMinutes(5).toNanos();
    while (process.isAlive() && System.nanoTime() < limit) {
      Matcher matcher = address.matcher(Files.readString(output));
      if (matcher.find()) {
        return matcher.group().strip();
      }
      process.waitFor(100, TimeUnit.MILLISECONDS);
    }
    throw new AssertionError("it does not serve: " + Files.readString(output));
  }
}
