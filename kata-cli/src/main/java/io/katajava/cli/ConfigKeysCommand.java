package io.katajava.cli;

import io.katajava.config.ConfigurationKey;
import io.katajava.config.ConfigurationKeys;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code kata config keys}: the table behind everything else. */
@Command(
    name = "keys",
    description = "List the keys that a configuration can have.",
    footer = {
      "",
      "Examples:",
      "  kata config keys hypervisor.qemu",
      "  kata config keys --markdown > docs/configuration.md"
    })
final class ConfigKeysCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Parameters(
      arity = "0..*",
      paramLabel = "TABLE",
      description = "Only keys of these tables. Default: the tables that have an effect here.")
  List<String> tables = List.of("hypervisor.qemu", "agent.kata", "runtime", "factory");

  @Option(names = "--markdown", description = "Print the whole reference as Markdown.")
  boolean markdown;

  @SuppressWarnings("NullAway.Init")
  ConfigKeysCommand() {}

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    if (markdown) {
      out.print(ConfigurationKeys.toMarkdown());
    } else {
      for (String table : tables) {
        for (ConfigurationKey key : ConfigurationKeys.of(table)) {
          out.println(table + "." + key.name());
          out.println("    " + key.meaning());
          out.println("    allowed: " + key.describeAllowed());
          out.println("    default: " + key.defaultLiteral().orElse("-"));
          out.println((key.actedOn() ? "    acted on: " : "    not acted on: ") + key.how());
        }
      }
    }
    out.flush();
    return 0;
  }
}
