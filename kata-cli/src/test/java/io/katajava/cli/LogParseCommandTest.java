package io.katajava.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class LogParseCommandTest {
  private static final String GOOD =
      "time=2024-01-01T00:00:01Z level=info msg=hello name=kata pid=7 source=shim\n";

  @TempDir Path directory;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int execute(String... arguments) {
    CommandLine line = KataCommand.commandLine();
    line.setOut(new PrintWriter(out));
    line.setErr(new PrintWriter(err));
    return line.execute(arguments);
  }

  private String file(String name, String text) throws IOException {
    return Files.writeString(directory.resolve(name), text).toString();
  }

  @Test
  void goodLog_isPrintedAndEndsWith0() throws IOException {
    assertThat(execute("log-parse", file("a", GOOD))).isZero();
    assertThat(out.toString()).contains("kata[7] shim: hello");
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void wantingLine_isPrintedAllTheSameAndEndsWith1() throws IOException {
    assertThat(execute("log-parse", "-f", "csv", file("a", "level=info msg=x\n"))).isEqualTo(1);
    assertThat(out.toString()).contains(",info,");
    assertThat(err.toString()).contains("a:1: no time, name, pid, source");
  }

  @Test
  void wantingLine_ignored_endsWith0() throws IOException {
    assertThat(execute("log-parse", "--ignore-missing-fields", file("a", "level=info msg=x\n")))
        .isZero();
  }

  @Test
  void checkOnly_printsNoEntry() throws IOException {
    assertThat(execute("log-parse", "--check-only", file("a", GOOD))).isZero();
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void emptyFile_isAnErrorOnlyWhenAsked() throws IOException {
    String empty = file("e", "\n");
    String good = file("g", GOOD);

    assertThat(execute("log-parse", good, empty)).isZero();
    assertThat(execute("log-parse", "--error-if-file-empty", good, empty)).isEqualTo(1);
    assertThat(execute("log-parse", "--error-if-no-records", good, empty)).isZero();
    assertThat(execute("log-parse", "--error-if-no-records", empty)).isEqualTo(1);
  }

  @Test
  void outputFile_getsEverything() throws IOException {
    Path output = directory.resolve("out.json");

    assertThat(execute("log-parse", "-f", "JSON", "-o", output.toString(), file("a", GOOD)))
        .isZero();

    assertThat(Files.readString(output)).startsWith("{\"record\":1,").endsWith("}\n");
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void missingFile_isToldInOneLine() {
    assertThat(execute("log-parse", directory.resolve("none").toString())).isEqualTo(125);
    assertThat(err.toString()).startsWith("kata: there is no ").hasLineCount(1);
  }

  @Test
  void bytesThatAreNoUtf8_areShownAsSuch() throws IOException {
    Path file = directory.resolve("latin");
    Files.write(
        file,
        (GOOD.strip() + " k=\u00e9\n").getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));

    assertThat(execute("log-parse", file.toString())).isZero();
    assertThat(out.toString()).contains("k=\ufffd");
  }

  @Test
  void manyProblems_areCounted() throws IOException {
    assertThat(execute("log-parse", "--check-only", file("a", "level=info msg=x\n".repeat(30))))
        .isEqualTo(1);
    assertThat(err.toString()).hasLineCount(21).endsWith("kata: and 10 more\n");
  }
}
