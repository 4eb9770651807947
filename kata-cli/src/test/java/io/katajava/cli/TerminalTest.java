package io.katajava.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TerminalTest {
  @Test
  void pipe_getsNeitherColoursNorProgress() {
    Terminal pipe = new Terminal(Map.of("TERM", "xterm"), false, false);

    assertThat(pipe.paint("red", "x")).isEqualTo("x");
    assertThat(steps(pipe)).isEmpty();
  }

  @Test
  void terminal_getsColoursAndProgress() {
    Terminal terminal = new Terminal(Map.of("TERM", "xterm"), true, true);

    assertThat(terminal.paint("red", "x")).contains("\u001b[31m", "x");
    assertThat(steps(terminal))
        .contains("1/2 one", "[##########..........] 2/2 two")
        .endsWith("\r\u001b[K");
  }

  @Test
  void noColor_keepsTheProgress() {
    Terminal terminal = new Terminal(Map.of("NO_COLOR", "1"), true, true);

    assertThat(terminal.colours()).isFalse();
    assertThat(terminal.progress()).isTrue();
  }

  @Test
  void noColor_empty_isNotSet() {
    assertThat(new Terminal(Map.of("NO_COLOR", ""), true, true).colours()).isTrue();
  }

  @Test
  void dumbTerminal_isTreatedAsAPipe() {
    Terminal dumb = new Terminal(Map.of("TERM", "dumb"), true, true);

    assertThat(dumb.colours()).isFalse();
    assertThat(dumb.progress()).isFalse();
  }

  private static String steps(Terminal terminal) {
    StringWriter out = new StringWriter();
    try (Progress progress = new Progress(new PrintWriter(out), terminal, 2)) {
      progress.step("one");
      progress.step("two");
    }
    return out.toString();
  }
}
