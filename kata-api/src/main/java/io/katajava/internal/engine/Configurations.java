package io.katajava.internal.engine;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.spi.ConfigurationSource;
import io.katajava.spi.ConfiguredRuntime;
import java.nio.file.Path;

/** Configuration files, read by whoever on the class path can. */
public final class Configurations {
  private Configurations() {}

  /**
   * Reads a file.
   *
   * @param file the file
   * @return what it describes
   */
  public static ConfiguredRuntime load(Path file) {
    return Providers.first(ConfigurationSource.class)
        .orElseThrow(
            () ->
                new KataException(
                    ErrorCode.PROVIDER_MISSING,
                    "cannot read " + file + ": nothing on the class path reads configuration files",
                    Details.none().withRemedy("Add the dependency io.katajava:kata-config")))
        .load(file);
  }
}
