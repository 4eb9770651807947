package io.katajava.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The command in a process whose state is not what programs take for granted. */
@Timeout(120)
class ProcessStateTest {

  @Test
  void output_toAFullDevice_isToldAndFails() throws Exception {
    assertThat(run("exec \"$@\" >/dev/full", "version"))
        .startsWith("74: ")
        .contains("standard output cannot be written")
        .doesNotContain("\tat ");
    assertThat(run("exec \"$@\" >/dev/full", "check", "--help")).startsWith("74: ");
  }

  @Test
  void output_whoseReaderIsGone_isNoWordWorth() throws Exception {
    // The reader ends before the command writes.
    assertThat(run("{ sleep 0.1; \"$@\"; echo \"code $?\" >&2; } | true", "check", "--help"))
        .isIn("0: code 141\n", "0: code 0\n");
  }

  @Test
  void output_beyondTheLimitOfAFile_isToldWithTheLimit() throws Exception {
    Path file = Path.of(System.getProperty("java.io.tmpdir"), "kata-limit-" + System.nanoTime());
    try {
      String said = run("trap '' XFSZ; ulimit -f 0; exec \"$@\" >" + file, "run", "--help");
      assertThat(said).startsWith("74: ").contains("ulimit -f");
    } finally {
      java.nio.file.Files.deleteIfExists(file);
    }
  }

  private static String run(String script, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("sh", "-c", script, "sh"));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:-UsePerfData", "-XX:TieredStopAtLevel=1"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(KataCommand.class.getName());
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return process.waitFor() + ": " + said;
  }
}
