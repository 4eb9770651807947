package io.katajava.config.internal;

import io.katajava.config.KataConfiguration;
import io.katajava.config.LaunchPlan;
import io.katajava.spi.ConfigurationSource;
import io.katajava.spi.ConfiguredRuntime;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Behind {@link io.katajava.Kata#fromConfiguration}. */
public final class FileConfigurationSource implements ConfigurationSource {
  private static final Logger log = LoggerFactory.getLogger(FileConfigurationSource.class);

  /** For the service loader. */
  public FileConfigurationSource() {}

  @Override
  public ConfiguredRuntime load(Path file) {
    KataConfiguration configuration = KataConfiguration.read(file);
    configuration.warnings().forEach(warning -> log.warn("{}", warning));
    LaunchPlan plan = configuration.plan();
    plan.ignored()
        .forEach(setting -> log.info("{} does not count here: {}", setting, setting.key().how()));
    return new ConfiguredRuntime(plan.qemu().toHypervisor(), plan.guest());
  }
}
