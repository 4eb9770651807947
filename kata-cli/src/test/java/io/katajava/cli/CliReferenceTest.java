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

  /** The commands with a line each; the page has no help text of a command. */
  @Test
  void docs_haveALineForEveryCommand() throws IOException {
    String text = Files.readString(page());
    assertThat(text.replaceAll("\\s+", " "))
        .containsSubsequence(
            ManPages.commands(KataCommand.commandLine().getCommandSpec()).stream()
                .skip(1)
                .map(CliReference::item)
                .toList());
    assertThat(text).doesNotContain("Usage: kata");
  }

  @Test
  void reference_hasTheHelpOfEveryCommand() {
    String reference = CliReference.markdown();
    for (CommandSpec command : ManPages.commands(KataCommand.commandLine().getCommandSpec())) {
      assertThat(reference)
          .contains("\n## " + command.qualifiedName() + "\n")
          .contains("Usage: " + command.qualifiedName() + " [");
    }
  }

  @Test
  void build_hasMadeTheReference() throws IOException {
    Path made = page().resolveSibling("../kata-cli/target/reference/cli-reference.md");
    assertThat(Files.readString(made)).isEqualTo(CliReference.markdown());
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
