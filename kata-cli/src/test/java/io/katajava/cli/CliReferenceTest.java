package io.katajava.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Model.CommandSpec;

class CliReferenceTest {
  private static Path page() {
    Path here = Path.of("").toAbsolutePath();
    // Maven runs tests in the module's directory.
    return here.endsWith("kata-cli")
        ? here.resolveSibling("docs/cli.md")
        : here.resolve("docs/cli.md");
  }

  /** With -Ddocs.update=true the page is written instead of compared. */
  @Test
  void docs_sayWhatTheCommandsSay() throws IOException {
    String text = Files.readString(page());
    int begin = text.indexOf(CliReference.BEGIN);
    assertThat(begin).as("docs/cli.md has the mark %s", CliReference.BEGIN).isPositive();
    String wanted = text.substring(0, begin) + CliReference.markdown();
    if (Boolean.getBoolean("docs.update")) {
      Files.writeString(page(), wanted);
    }
    assertThat(Files.readString(page()))
        .as("docs/cli.md; write it anew with -Dtest=CliReferenceTest -Ddocs.update=true")
        .isEqualTo(wanted);
  }

  @Test
  void everyCommand_hasADescriptionAndAnExample() {
    for (CommandSpec command : ManPages.commands(KataCommand.commandLine().getCommandSpec())) {
      assertThat(command.usageMessage().description()).as(command.qualifiedName()).isNotEmpty();
      List<String> footer = List.of(command.usageMessage().footer());
      int examples = footer.indexOf("Examples:");
      assertThat(examples).as("examples of %s", command.qualifiedName()).isNotNegative();
      assertThat(footer.subList(examples + 1, footer.size()))
          .as("examples of %s", command.qualifiedName())
          .isNotEmpty()
          .allMatch(line -> line.startsWith("  ") && line.contains("kata "));
    }
  }

  @Test
  void everyCommand_isKnownByItsName() {
    assertThat(KataCommand.commandLine().getSubcommands().keySet())
        .containsExactlyElementsOf(KataCommand.COMMANDS);
  }
}
