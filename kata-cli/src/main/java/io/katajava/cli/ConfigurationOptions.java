package io.katajava.cli;

import io.katajava.config.ConfigurationReader;
import io.katajava.config.KataConfiguration;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Which configuration is meant: the options that the commands of {@code kata config} share. */
final class ConfigurationOptions {
  @Parameters(
      arity = "0..1",
      paramLabel = "FILE",
      description = "The file. Default: $KATA_CONF_FILE, else the usual places.")
  @Nullable Path file;

  @Option(
      names = "--drop-in-dir",
      paramLabel = "DIR",
      description =
          "Directory of drop-ins, instead of config.d beside the file; may be given several times.")
  List<Path> dropInDirectories = new ArrayList<>();

  @Option(
      names = "--annotation",
      paramLabel = "NAME=VALUE",
      description = "An annotation of the sandbox; may be given several times.")
  List<String> annotations = new ArrayList<>();

  @Spec(Spec.Target.MIXEE)
  CommandSpec spec;

  @Option(
      names = "--no-file-checks",
      description = "Do not ask whether files that the configuration names exist on this host.")
  boolean noFileChecks;

  @SuppressWarnings("NullAway.Init")
  ConfigurationOptions() {}

  KataConfiguration read() {
    ConfigurationReader reader = KataConfiguration.reader().checkFiles(!noFileChecks);
    if (file != null) {
      reader.file(file);
    }
    if (!dropInDirectories.isEmpty()) {
      reader.dropInDirectories(dropInDirectories.toArray(Path[]::new));
    }
    Map<String, String> all = new LinkedHashMap<>();
    for (String annotation : annotations) {
      int equals = annotation.indexOf('=');
      if (equals < 1) {
        throw new ParameterException(
            spec.commandLine(), "--annotation takes NAME=VALUE, got '" + annotation + "'");
      }
      String name = annotation.substring(0, equals);
      String value = annotation.substring(equals + 1);
      String before = all.putIfAbsent(name, value);
      if (before != null && !before.equals(value)) {
        throw new ParameterException(
            spec.commandLine(), "--annotation gives " + name + " twice, with two values");
      }
    }
    all.forEach(reader::annotation);
    return reader.read();
  }
}
