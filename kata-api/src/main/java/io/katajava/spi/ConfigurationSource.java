package io.katajava.spi;

import io.katajava.KataException;
import java.nio.file.Path;

/** A reader of configuration files. Found with {@link java.util.ServiceLoader}. */
public interface ConfigurationSource {

  /**
   * Reads a file.
   *
   * @param file the file
   * @return what it describes
   * @throws KataException with {@link io.katajava.ErrorCode#INVALID_CONFIGURATION} if it cannot be
   *     used
   */
  ConfiguredRuntime load(Path file);
}
