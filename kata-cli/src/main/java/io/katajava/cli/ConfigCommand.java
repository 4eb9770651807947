package io.katajava.cli;

import picocli.CommandLine.Command;

/** {@code kata config}: Kata's configuration file, looked at from all sides. */
@Command(
    name = "config",
    description = "Check, show, explain and convert Kata's configuration.toml.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      ConfigShowCommand.class,
      ConfigValidateCommand.class,
      ConfigExplainCommand.class,
      ConfigConvertCommand.class,
      ConfigKeysCommand.class
    },
    footer = {
      "",
      "Examples:",
      "  kata config validate /etc/kata-containers/configuration.toml",
      "  kata config explain"
    })
final class ConfigCommand {
  ConfigCommand() {}
}
