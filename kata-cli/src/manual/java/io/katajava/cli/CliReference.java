package io.katajava.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Help.ColorScheme;
import picocli.CommandLine.Model.CommandSpec;

/**
 * Makes the reference of all commands at build time: a page of the documentation site that shows
 * the {@code --help} text of every command.
 */
public final class CliReference {
  private static final String HEAD =
      """
      # All options of the `kata` command

      The build makes this page from the commands themselves: each section is what
      `kata COMMAND --help` prints. [The `kata` command](cli.md) explains the commands.
      """;

  private CliReference() {}

  /**
   * Writes the page.
   *
   * @param arguments the file to write
   * @throws IOException when it cannot be written
   */
  public static void main(String[] arguments) throws IOException {
    Path page = Path.of(arguments[0]).toAbsolutePath();
    Files.createDirectories(page.getParent());
    Files.writeString(page, markdown());
  }

  static String markdown() {
    return ManPages.commands(KataCommand.commandLine().getCommandSpec()).stream()
        .map(CliReference::section)
        .collect(Collectors.joining("\n", HEAD + "\n", ""));
  }

  /**
   * What a command is for, in one line, as docs/cli.md lists it.
   *
   * @param command the command
   * @return an item of a Markdown list
   */
  static String item(CommandSpec command) {
    String description =
        String.join(" ", command.usageMessage().description()).replaceAll("\\s+", " ").strip();
    return "- `%s`: %s".formatted(command.qualifiedName(), firstSentence(description));
  }

  private static String firstSentence(String text) {
    int end = text.indexOf(". ");
    return end < 0 ? text : text.substring(0, end + 1);
  }

  private static String section(CommandSpec command) {
    CommandLine line = command.commandLine();
    ColorScheme plain = new ColorScheme.Builder(Ansi.OFF).build();
    return "## "
        + command.qualifiedName()
        + "\n\n```\n"
        + trimmed(line.getUsageMessage(plain))
        + "```\n";
  }

  private static String trimmed(String text) {
    return List.of(text.split("\n", -1)).stream()
            .map(String::stripTrailing)
            .collect(Collectors.joining("\n"))
            .strip()
        + "\n";
  }
}
