package io.katajava.cli;

import io.katajava.HostCheckOptions;
import io.katajava.config.ConfigurationException;
import io.katajava.config.ConfigurationReader;
import io.katajava.config.KataConfiguration;
import io.katajava.config.LaunchPlan;
import io.katajava.qemu.QemuHostProbe;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** The configuration that the commands about the host go by: none when there is no file. */
final class HostConfiguration {
  @Option(
      names = "--config",
      paramLabel = "FILE",
      description =
          "Use this configuration file. Default: $KATA_CONF_FILE, else that of the usual places,"
              + " else none.")
  @Nullable Path file;

  @SuppressWarnings("NullAway.Init")
  HostConfiguration() {}

  /** What would be read, the main file first; none when nothing is named and nothing is there. */
  List<Path> files() {
    return reader().files();
  }

  /**
   * Reads it.
   *
   * @throws ConfigurationException with all problems, if there is an error among them
   */
  Optional<KataConfiguration> read() {
    return files().isEmpty() ? Optional.empty() : Optional.of(reader().read());
  }

  /** Reads it for a command that tells the warnings, too. */
  Optional<KataConfiguration> read(CommandSpec spec) {
    Optional<KataConfiguration> read = read();
    read.ifPresent(
        present ->
            present
                .warnings()
                .forEach(warning -> ConfigurationTask.tell(spec.commandLine().getErr(), warning)));
    return read;
  }

  private ConfigurationReader reader() {
    ConfigurationReader reader = KataConfiguration.reader();
    if (file != null) {
      reader.file(file);
    }
    return reader;
  }

  /** With it the host is looked at for what it would start. */
  static HostCheckOptions.Builder options(Optional<KataConfiguration> configuration) {
    HostCheckOptions.Builder options = HostCheckOptions.builder();
    configuration.ifPresent(
        present -> {
          LaunchPlan plan = present.plan();
          if (plan.obstacles().isEmpty()) {
            options.probe(new QemuHostProbe(plan.qemu()));
            options.probe(new GuestProbe(present, plan));
          }
          options.probe(new ConfigurationProbe(present, plan));
        });
    return options;
  }
}
