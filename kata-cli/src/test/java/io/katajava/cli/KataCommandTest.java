package io.katajava.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class KataCommandTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int execute(String... arguments) {
    CommandLine line = KataCommand.commandLine();
    line.setOut(new PrintWriter(out));
    line.setErr(new PrintWriter(err));
    return line.execute(arguments);
  }

  @Test
  void version_printsIt() {
    assertThat(execute("version")).isZero();
    assertThat(out.toString()).matches("kata-java \\d+\\.\\d+\\.\\d+\\S*\\R");
  }

  @Test
  void help_listsTheCommands() {
    assertThat(execute("--help")).isZero();
    assertThat(out.toString()).contains("run", "demo", "version", "bench");
  }

  @Test
  void runHelp_explainsTheExitCodes() {
    assertThat(execute("run", "--help")).isZero();
    assertThat(out.toString()).contains("124", "125", "127", "--timeout");
  }

  @Test
  void unknownCommand_isAUsageError() {
    assertThat(execute("fly")).isEqualTo(2);
    assertThat(err.toString()).contains("fly").doesNotContain("Exception");
  }

  @Test
  void run_badMemory_isAUsageErrorNamingIt() {
    assertThat(execute("run", "--memory", "lots", "--", "true")).isEqualTo(2);
    assertThat(err.toString()).contains("lots").doesNotContain("\tat ");
  }

  @Test
  void run_noCommand_isAUsageError() {
    assertThat(execute("run")).isEqualTo(2);
    assertThat(err.toString()).contains("COMMAND");
  }
}
