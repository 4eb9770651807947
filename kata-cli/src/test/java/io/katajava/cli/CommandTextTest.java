package io.katajava.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class CommandTextTest {
  @TempDir Path directory;

  private static byte[] line(String... arguments) {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (String argument : arguments) {
      line.writeBytes(argument.getBytes(StandardCharsets.UTF_8));
      line.write(0);
    }
    return line.toByteArray();
  }

  @Test
  void arguments_thatALocaleMangled_areThoseThatWereGiven() {
    assertThat(
            CommandText.of(
                line("java", "-cp", "x", "Main", "run", "", "\u00fc \u4e16", "plain?"),
                new String[] {"run", "", "?? ???", "plain?"}))
        .containsExactly("run", "", "\u00fc \u4e16", "plain?");
    assertThat(CommandText.of(line("java", "Main", "V=\u00fc"), new String[] {"V=\ufffd\ufffd"}))
        .containsExactly("V=\u00fc");
  }

  @Test
  void arguments_ofAnotherCommandLine_stayAsTheJvmHasThem() {
    assertThat(CommandText.of(line("java", "Main", "a"), new String[] {"b"})).containsExactly("b");
    assertThat(CommandText.of(line("a"), new String[] {"a", "b"})).containsExactly("a", "b");
    assertThat(CommandText.of(new byte[0], new String[0])).isEmpty();
  }

  @Test
  void argument_thatIsNotUtf8_isRefusedWithItsBytes() {
    byte[] line = {'j', 0, 'l', (byte) 0xe9, 0};
    assertThatThrownBy(() -> CommandText.of(line, new String[] {"l?"}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("l\\xe9")
        .hasMessageContaining("not UTF-8");
  }

  /** A JVM of its own, started as by cron, with a file whose name it cannot say. */
  @ParameterizedTest
  @ValueSource(strings = {"C", "POSIX", "C.UTF-8"})
  void command_inAnyLocale_findsFilesAndStartsAgainOnce(String locale) throws Exception {
    Path file = Files.writeString(directory.resolve("\u00fc.log"), "level=info msg=one\n");
    assertThat(run(locale, "", "log-parse", "--ignore-missing-fields", file.toString()))
        .isEqualTo("0: - info    one\n");
  }

  @Test
  void command_withoutStandardInput_readsNothing() throws Exception {
    assertThat(run("C.UTF-8", "<&-", "log-parse", "--error-if-no-records"))
        .isEqualTo("1: kata: the input has no entry\n");
    assertThat(run("C", "<&-", "log-parse", "--error-if-no-records"))
        .isEqualTo("1: kata: the input has no entry\n");
    assertThat(StandardInput.isOurs(0)).isTrue();
  }

  private String run(String locale, String redirection, String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    String script = "exec \"$@\" " + redirection;
    command.addAll(List.of("sh", "-c", script, "sh"));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(KataCommand.class.getName());
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().keySet().removeIf(name -> name.startsWith("LC_") || name.equals("LANG"));
    builder.environment().put("LC_ALL", locale);
    Process process = builder.start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return process.waitFor() + ": " + said;
  }
}
