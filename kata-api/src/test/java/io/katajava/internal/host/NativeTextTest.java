package io.katajava.internal.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class NativeTextTest {
  /** In a JVM of its own: the locale is read when it starts. */
  static final class Program {
    public static void main(String[] arguments) {
      try {
        NativeText.require(new ProcessBuilder("echo", "plain"));
        NativeText.require(new ProcessBuilder("echo", "\u00fc"));
        System.out.print("handed over");
      } catch (IOException e) {
        System.out.print(e.getMessage());
      }
    }
  }

  @Test
  void argument_thatTheLocaleHasNoCharactersFor_isRefusedWithWhatHelps() throws Exception {
    assertThat(run("C"))
        .startsWith("the argument '")
        .contains("cannot be handed to a program")
        .endsWith("start the JVM with LC_ALL=C.UTF-8");
    assertThat(run("C.UTF-8")).isEqualTo("handed over");
  }

  @Test
  void argument_madeOfBytesThatAreNoText_isRefused() {
    assertThatThrownBy(() -> NativeText.require(new ProcessBuilder("echo", "l\ufffd")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("its bytes are no text");
    assertThatThrownBy(
            () -> NativeText.require(new ProcessBuilder("x").directory(new File("/l\ufffd"))))
        .hasMessageContaining("the directory '/l");
    assertThatCode(() -> NativeText.require(new ProcessBuilder("echo", "a b", "")))
        .doesNotThrowAnyException();
  }

  private static String run(String locale) throws Exception {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    ProcessBuilder builder =
        new ProcessBuilder(
            List.of(java, "-cp", System.getProperty("java.class.path"), Program.class.getName()));
    builder.environment().keySet().removeIf(name -> name.startsWith("LC_") || name.equals("LANG"));
    builder.environment().put("LC_ALL", locale);
    Process process = builder.redirectErrorStream(true).start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return said.lines().reduce("", (before, line) -> line);
  }
}
