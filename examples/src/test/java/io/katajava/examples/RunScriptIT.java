package io.katajava.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code examples/run} as a user runs it, on what this build made. */
class RunScriptIT {
  private static final Path SCRIPT = Path.of("run").toAbsolutePath();

  @TempDir Path directory;

  private record Run(int exitCode, String output) {}

  private Run run(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(SCRIPT.toString()));
    command.addAll(Arrays.asList(arguments));
    Path output = directory.resolve("output");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    builder.environment().put("KATA_BUILT", "yes");
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    Process process = builder.start();
    try {
      assertThat(process.waitFor(5, TimeUnit.MINUTES)).as("it ends").isTrue();
      return new Run(process.exitValue(), Files.readString(output, StandardCharsets.UTF_8));
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
}
