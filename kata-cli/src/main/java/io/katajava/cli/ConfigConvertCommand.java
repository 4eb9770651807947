package io.katajava.cli;

import io.katajava.config.Conversion;
import io.katajava.config.KataConfiguration;
import io.katajava.config.Layout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code kata config convert}: another spelling of the same configuration. */
@Command(
    name = "convert",
    description = "Write a configuration as one file, commented, for either of Kata's runtimes.",
    footer = {
      "",
      "Settings that cannot be converted are listed on stderr.",
      "",
      "Examples:",
      "  kata config convert configuration.toml",
      "  kata config convert --to rs --output configuration-rs.toml configuration.toml"
    })
final class ConfigConvertCommand extends ConfigurationTask {
  @Option(
      names = "--to",
      paramLabel = "go|rs|same",
      description = "The spelling: of the runtime in Go, of runtime-rs, or as it is (the default).")
  Target target = Target.SAME;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "Write here instead of to stdout; an existing file is replaced.")
  @Nullable Path output;

  @SuppressWarnings("NullAway.Init")
  ConfigConvertCommand() {}

  /** What is written. */
  enum Target {
    GO,
    RS,
    SAME
  }

  @Override
  int run(KataConfiguration configuration) throws IOException {
    configuration.warnings().forEach(this::tell);
    Conversion conversion =
        switch (target) {
          case GO -> configuration.convert(Layout.GO);
          case RS -> configuration.convert(Layout.RUNTIME_RS);
          case SAME -> new Conversion(configuration, List.of());
        };
    conversion.notes().forEach(note -> err().println("note: " + note));
    err().flush();
    String toml = conversion.configuration().toToml();
    if (output == null) {
      out().print(toml);
    } else {
      Files.writeString(output, toml);
    }
    return 0;
  }
}
