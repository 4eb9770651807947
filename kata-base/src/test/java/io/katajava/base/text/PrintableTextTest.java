package io.katajava.base.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PrintableTextTest {
  @ParameterizedTest
  @ValueSource(
      strings = {"", "a b", "Zoë, Ελλάδα, 日本語, \ud83d\ude00", "می\u200cخواهم", "C:\\new\\table"})
  void line_printableText_staysAsItIs(String text) {
    assertThat(PrintableText.line(text)).isEqualTo(text);
    assertThat(PrintableText.lines(text)).isEqualTo(text);
    assertThat(PrintableText.console(text)).isEqualTo(text);
  }

  @Test
  void line_whatATerminalObeys_isEscaped() {
    assertThat(PrintableText.line("a\u001b[2Jb\u0007\u009b1m\u007f\0\r\n\tc"))
        .isEqualTo("a\\x1b[2Jb\\x07\\x9b1m\\x7f\\x00\\r\\n\\tc");
  }

  @Test
  void line_whatTurnsOrHidesText_isEscaped() {
    assertThat(PrintableText.line("exe\u202egnp.\u2066 \u2028\u2029\ufeff\u200b"))
        .isEqualTo("exe\\u202egnp.\\u2066 \\u2028\\u2029\\ufeff\\u200b");
    assertThat(PrintableText.line("tag \udb40\udc01, half \ud800."))
        .isEqualTo("tag \\U000e0001, half \\ud800.");
  }

  @Test
  void line_longText_isCutBetweenCharacters() {
    assertThat(PrintableText.line("abc\ud83d\ude00def", 4)).isEqualTo("abc…");
    assertThat(PrintableText.line("abcd", 4)).isEqualTo("abcd");
  }

  @Test
  void lines_lineFeedsAndTabulators_stay() {
    assertThat(PrintableText.lines("a\n\tb\r\u001b]0;title\u0007"))
        .isEqualTo("a\n\tb\\r\\x1b]0;title\\x07");
  }

  @Test
  void console_sequences_areTakenOutWhole() {
    assertThat(
            PrintableText.console(
                "\u001b[1;31mred\u001b[0m \u001b]0;title\u0007and \u001b]8;;http://x\u001b\\link"
                    + "\u001b]8;;\u001b\\ \u001bPq#0\u001b\\\u001b(B\u001b7\u001bc\u009b2Jend"))
        .isEqualTo("red and link end");
  }

  @Test
  void console_halfSequences_areEscaped() {
    assertThat(PrintableText.console("a\u001b[12")).isEqualTo("a\\x1b[12");
    assertThat(PrintableText.console("a\u001b]0;never ended\nb"))
        .isEqualTo("a\\x1b]0;never ended\nb");
  }

  @Test
  void console_carriageReturns_beginLines() {
    assertThat(PrintableText.console("one\r\ntwo\r\r\n 10%\r 20%\n"))
        .isEqualTo("one\ntwo\n 10%\n 20%\n");
  }

  @Test
  void console_floodOfBeginnings_costsOnePass() {
    String flood = "\u001b]\u001b[\u001bP".repeat(200_000);
    Assertions.assertTimeoutPreemptively(
        Duration.ofSeconds(20),
        () -> assertThat(PrintableText.console(flood)).doesNotContain("\u001b"));
  }

  @Test
  void json_whatIsNotPrintable_isEscapedInJsonsWay() {
    assertThat(PrintableText.json("{\n  \"a\": \"\u009b2J\u202e\udb40\udc01é\"\n}"))
        .isEqualTo("{\n  \"a\": \"\\u009b2J\\u202e\\udb40\\udc01é\"\n}");
  }
}
