package io.katajava.bench;

import io.katajava.MemorySize;
import picocli.CommandLine.Option;

/** How many sandboxes are measured, how big they are, and how they come to be. */
final class BirthOptions {
  @Option(
      names = "-n",
      paramLabel = "N",
      description = "Pairs of starts; sandboxes at once. Default: ${DEFAULT-VALUE}.")
  int count;

  @Option(
      names = "--memory",
      paramLabel = "SIZE",
      description = "Guest memory of each. Default: ${DEFAULT-VALUE}.")
  MemorySize memory = MemorySize.mebibytes(256);

  @Option(
      names = "--birth",
      paramLabel = "WAY",
      description = {
        "${COMPLETION-CANDIDATES}; density knows the first two.",
        "All but cold build a template if need be.",
        "Default: ${DEFAULT-VALUE}."
      })
  BirthKind birth = BirthKind.cold;

  /**
   * @param count the default
   */
  BirthOptions(int count) {
    this.count = count;
  }
}
