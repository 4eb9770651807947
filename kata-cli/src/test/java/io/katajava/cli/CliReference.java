package io.katajava.cli;

import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Help.ColorScheme;
import picocli.CommandLine.Model.CommandSpec;

/** The reference part of docs/cli.md: every command as its own help tells it. */
final class CliReference {
  static final String BEGIN = "<!-- What follows is made from the commands themselves. -->\n";

  private CliReference() {}

  static String markdown() {
    return ManPages.commands(KataCommand.commandLine().getCommandSpec()).stream()
        .map(CliReference::section)
        .collect(Collectors.joining("\n", BEGIN + "\n", ""));
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
