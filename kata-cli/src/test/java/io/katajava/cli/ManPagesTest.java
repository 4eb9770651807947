package io.katajava.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ManPagesTest {
  @TempDir Path directory;

  @Test
  void pages_thereIsOneForEveryCommand_withItsOptionsAndExamples() throws IOException {
    Path pages = ManPages.writeTo(directory);

    try (Stream<Path> files = Files.list(pages)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .hasSize(ManPages.commands(KataCommand.commandLine().getCommandSpec()).size())
          .contains("kata.1", "kata-check.1", "kata-guest-build.1");
    }
    String check = Files.readString(pages.resolve("kata-check.1"));
    assertThat(check)
        .startsWith(".TH \"KATA\\-CHECK\" \"1\" \"\" \"kata-java test\" \"Kata Manual\"\n")
        .contains(
            ".SH \"NAME\"\n.PP\nkata\\-check \\- Check whether",
            ".TP\n\\fB\\-n\\fR, \\fB\\-\\-no\\-network\\-checks\\fR\nUse no network",
            ".SH \"EXIT CODES\"\n.TP\n\\fB0\\fR\n",
            ".SH \"EXAMPLES\"\n.nf\nkata check\n");
    assertThat(Files.readString(pages.resolve("kata.1")))
        .contains("\\fBkata\\-check\\fR(1)")
        .doesNotContain("xref:");
  }

  @Test
  void build_hasMadeThePages() {
    assertThat(Path.of("target/man/man1/kata-check.1")).isNotEmptyFile();
  }

  @Test
  void roff_textThatLooksLikeARequest_isText() {
    assertThat(new Roff("1").page("*x*::\n  .nf is a request and 'so' too\n", List.of()))
        .isEqualTo(".TP\n\\fBx\\fR\n\\&.nf is a request and 'so' too\n");
  }

  @Test
  void roff_backslashesAndHyphens_areEscaped() {
    assertThat(new Roff("1").page("a\\b --c\n", List.of())).isEqualTo(".PP\na\\eb \\-\\-c\n");
  }

  @Test
  void roff_unknownMarkup_isRefused() {
    assertThatThrownBy(() -> new Roff("1").page("see {asterisk}\n", List.of()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("{asterisk}");
  }
}
