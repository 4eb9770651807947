package io.katajava.cli.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.json.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

class LogWriterTest {
  private static final String LOG =
      """
      time=2024-01-01T00:00:01Z level=info msg="a, b" name=kata pid=7 source=shim k="v w"
      time=2024-01-01T00:00:01.5Z level=error msg="say \\"no\\"" name=kata pid=7 source=shim
      """;

  private static String write(LogWriter.Format format) throws IOException {
    return write(format, LOG);
  }

  private static String write(LogWriter.Format format, String log) throws IOException {
    LogReader reader = new LogReader(true);
    reader.read("f.log", new StringReader(log));
    StringWriter out = new StringWriter();
    new LogWriter(new PrintWriter(out), format, (style, text) -> "<" + style + ">" + text)
        .write(reader.sorted());
    return out.toString();
  }

  @Test
  void text_isALinePerEntry_withPaintedLevel() throws IOException {
    assertThat(write(LogWriter.Format.TEXT))
        .isEqualTo(
            """
            2024-01-01T00:00:01Z info    kata[7] shim: a, b k=v w
            2024-01-01T00:00:01.500Z <bold,red>error   kata[7] shim: say "no"
            """);
  }

  @Test
  void json_isAnObjectPerLine() throws IOException {
    List<String> lines = write(LogWriter.Format.JSON).lines().toList();

    assertThat(lines).hasSize(2);
    JsonObject second = JsonObject.parse(lines.get(1));
    assertThat(second.names()).containsExactlyElementsOf(LogWriter.COLUMNS);
    assertThat(lines.get(1)).contains("\"delta\":0.5", "\"message\":\"say \\\"no\\\"\"");
    assertThat(lines.get(0)).contains("\"fields\":{\"k\":\"v w\"}").doesNotContain("delta");
  }

  @Test
  void csv_isQuotedByRfc4180() throws IOException {
    assertThat(write(LogWriter.Format.CSV))
        .isEqualTo(
            "record,time,delta,level,source,name,pid,message,file,line,fields\r\n"
                + "1,2024-01-01T00:00:01Z,,info,shim,kata,7,\"a, b\",f.log,1,\"k=\"\"v w\"\"\"\r\n"
                + "2,2024-01-01T00:00:01.500Z,0.500000,error,shim,kata,7,\"say"
                + " \"\"no\"\"\",f.log,2,\r\n");
  }

  @Test
  void text_escapeSequencesOfAGuest_areTakenOut() throws IOException {
    assertThat(write(LogWriter.Format.TEXT, "[    1.000000] \u001b[2Jgone\u0007 \u009b31m here\n"))
        .isEqualTo("- -       kernel gone  here uptime=1.000000\n");
  }
}
