package io.katajava.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class ExamplesIT {

  private static String outputOf(Consumer<String[]> example) {
    PrintStream before = System.out;
    ByteArrayOutputStream captured = new ByteArrayOutputStream();
    System.setOut(new PrintStream(captured, true, StandardCharsets.UTF_8));
    try {
      example.accept(new String[0]);
    } finally {
      System.setOut(before);
    }
    return captured.toString(StandardCharsets.UTF_8);
  }

  @Test
  void helloSandbox_printsTheGuestsName() {
    assertThat(outputOf(HelloSandbox::main)).startsWith("Linux ").contains("GNU/Linux");
  }

  @Test
  void untrustedCommand_endless_isStopped() {
    assertThat(outputOf(UntrustedCommand::main)).contains("stopped after 2 s").contains("working");
  }

  @Test
  void untrustedCodeRunner_fivePrograms_areToldApart() {
    assertThat(outputOf(UntrustedCodeRunner::main).lines().map(line -> line.split("\t", -1)[0]))
        .containsExactly("RIGHT", "WRONG", "TOO_SLOW", "KILLED", "TOO_MUCH_OUTPUT");
  }

  private static void extraMonitorSession(String[] arguments) {
    try {
      ExtraMonitorSession.main(arguments);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void extraMonitorSession_asksQemu() {
    assertThat(outputOf(ExamplesIT::extraMonitorSession))
        .contains("trusted: false", "the machine is running", "agent: filename=");
  }
}
