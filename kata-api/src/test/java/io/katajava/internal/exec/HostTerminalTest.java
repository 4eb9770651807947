package io.katajava.internal.exec;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.ExecSpec.TerminalSize;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A real terminal, made by script(1), around a JVM that makes it raw and ends in several ways. */
class HostTerminalTest {
  @TempDir Path directory;

  /** What runs inside: raw mode, what stty says then, and an end. */
  static final class Probe {
    private Probe() {}

    public static void main(String[] arguments) throws Exception {
      Path directory = Path.of(arguments[1]);
      HostTerminal terminal = HostTerminal.open();
      Files.writeString(directory.resolve("size"), HostTerminal.size().orElseThrow().toString());
      new ProcessBuilder("stty", "-a")
          .redirectInput(HostTerminal.DEVICE.toFile())
          .redirectOutput(directory.resolve("raw").toFile())
          .start()
          .waitFor();
      switch (arguments[0]) {
        case "close" -> terminal.close();
        case "throw" -> throw new IllegalStateException("left open");
        default ->
            new ProcessBuilder("kill", "-9", Long.toString(ProcessHandle.current().pid()))
                .start()
                .waitFor();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"close", "throw", "kill"})
  void terminal_howeverTheJvmEnds_getsItsSettingsBack(String end) throws Exception {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    // After a kill the helper needs a moment; the loop ends when it was there, or with the test.
    String shell =
        "stty rows 31 cols 97; stty -g >before; %s -cp '%s' '%s' %s '%s' 2>/dev/null; while :; do stty -g"
                .formatted(
                    java,
                    System.getProperty("java.class.path"),
                    Probe.class.getName(),
                    end,
                    directory)
            + " >after; cmp -s before after && exit 0; done";
    Process script =
        new ProcessBuilder("script", "-qec", shell, "/dev/null")
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("output").toFile())
            .start();
    script.getOutputStream().close();
    try {
      assertThat(script.waitFor(120, TimeUnit.SECONDS)).as(this::output).isTrue();
    } finally {
      script.descendants().forEach(ProcessHandle::destroyForcibly);
      script.destroyForcibly();
    }
    assertThat(Files.readString(directory.resolve("raw"))).contains("-icanon", "-echo", "-isig");
    assertThat(Files.readString(directory.resolve("size")))
        .isEqualTo(new TerminalSize(97, 31).toString());
    assertThat(Files.readString(directory.resolve("after")))
        .isEqualTo(Files.readString(directory.resolve("before")));
  }

  private String output() {
    try {
      return Files.readString(directory.resolve("output"));
    } catch (IOException e) {
      return e.toString();
    }
  }
}
