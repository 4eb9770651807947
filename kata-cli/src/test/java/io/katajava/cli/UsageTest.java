package io.katajava.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** What people type who know other commands, and what they are told when it is not understood. */
class UsageTest {
  @TempDir Path directory;

  private final StringWriter err = new StringWriter();

  private int execute(String... arguments) {
    CommandLine line = KataCommand.commandLine();
    line.setOut(new PrintWriter(new StringWriter()));
    line.setErr(new PrintWriter(err));
    return line.execute(arguments);
  }

  /** Parsed as the program does; the command is not run. */
  private static RunCommand parsed(String... arguments) {
    List<String> all = new ArrayList<>(List.of("run"));
    all.addAll(List.of(arguments));
    CommandLine.ParseResult result =
        KataCommand.commandLine().parseArgs(all.toArray(String[]::new));
    return (RunCommand) result.subcommand().commandSpec().userObject();
  }

  @Test
  void words_afterTheImage_areTheCommandsOptionsToo() {
    assertThat(parsed("busybox", "uname", "-a").words).containsExactly("busybox", "uname", "-a");
    RunCommand run = parsed("--rm", "-it", "--name", "web", "busybox", "ls", "--name", "-v", "@x");
    assertThat(run.words).containsExactly("busybox", "ls", "--name", "-v", "@x");
    assertThat(run.name).isEqualTo("web");
    assertThat(run.remove).isTrue();
    assertThat(run.interactive).isTrue();
    assertThat(run.tty).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "run --memroy 1G -- true|there is no option '--memroy'; the nearest is --memory",
        "run -memory 1G -- true|the nearest is --memory",
        "run --quux -- true|there is no option '--quux'; 'kata run --help'",
        "rnu|there is no command 'rnu'; the nearest is run",
        "version now|there is one argument too many, 'now'",
        "run -- |there is neither an IMAGE nor a COMMAND",
      })
  void mistake_isToldInOneLine(String arguments, String told) {
    assertThat(execute(arguments.strip().split(" +", -1))).isEqualTo(2);
    assertThat(err.toString().lines()).hasSize(1);
    assertThat(err.toString()).contains(told);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "attach||sh",
        "stop|",
        "run||true",
        "run|--name||--|true",
        "run|--memory||--|true",
        "run|-v||--|true",
        "run|--",
        "disk|remove|",
        "config|show|"
      })
  void emptyValue_isRefused(String arguments) {
    String[] given = arguments.split("\\|", -1);
    assertThat(execute(given)).isEqualTo(2);
    assertThat(err.toString().lines()).hasSize(1);
  }

  @Test
  void place_thatIsFilledTwice_isRefused() throws Exception {
    Path file = Files.writeString(directory.resolve("f"), "1");
    Path other = Files.writeString(directory.resolve("g"), "2");
    for (List<String> twice :
        List.of(
            List.of("--cp", file + ":/a", "--cp", other + ":/a"),
            List.of("--cp", file + ":/a", "--cp", other + ":/a/"),
            List.of("-v", directory + ":/d", "-v", directory + ":/d"),
            List.of("-v", directory + ":/d", "--tmpfs", "/d:1M"),
            List.of("--tmpfs", "/d:1M", "--secret", file + ":/d"),
            List.of("-v", directory + ":/d:ro:rw"),
            List.of("-v", "disk:/d:size=1G:size=2G"),
            List.of("-e", "A=1", "-e", "A=2"),
            List.of("--add-host", "h:10.0.0.1", "--add-host", "h:10.0.0.2"),
            List.of("-p", "8080:80", "-p", "8080:81"))) {
      err.getBuffer().setLength(0);
      List<String> arguments = new ArrayList<>(List.of("run"));
      arguments.addAll(twice);
      arguments.addAll(List.of("--", "true"));
      assertThat(execute(arguments.toArray(String[]::new))).as(twice.toString()).isEqualTo(2);
      assertThat(err.toString().lines()).as(twice.toString()).hasSize(1);
    }
  }

  @Test
  void file_thatIsCopiedToTwoPlaces_isCopiedTwice() throws Exception {
    Path file = Files.writeString(directory.resolve("f"), "1");
    RunCommand run = parsed("--cp", file + ":/a", "--cp", file + ":/b", "--", "true");
    assertThat(run.containerOptions.copies())
        .extracting(ContainerOptions.Copy::target)
        .containsExactly("/a", "/b");
  }

  @Test
  void variable_withoutAValue_isThisProcesss() {
    Variables variables = new Variables(Map.of("HERE", "x=y"));
    assertThat(variables.of(List.of("A=1", "HERE", "E=", "A=1")))
        .containsExactly(Map.entry("A", "1"), Map.entry("HERE", "x=y"), Map.entry("E", ""));
    assertThatThrownBy(() -> variables.of(List.of("GONE")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("GONE is not");
    assertThatThrownBy(() -> variables.of(List.of("A=secret", "A=other")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("A twice")
        .hasMessageNotContaining("secret");
  }

  @Test
  void nearestName_isNoGuess() {
    List<String> names = List.of("--memory", "--name", "-v", "-e");
    assertThat(NearestName.of("--memroy", names)).contains("--memory");
    assertThat(NearestName.of("-name", names)).contains("--name");
    assertThat(NearestName.of("--mem", names)).contains("--memory");
    assertThat(NearestName.of("-x", names)).isEmpty();
    assertThat(NearestName.of("--publish", names)).isEmpty();
    assertThat(NearestName.of("", names)).isEmpty();
  }
}
