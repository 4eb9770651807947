package io.katajava.bench;

import io.katajava.Choice;
import io.katajava.Sandbox;

/** What a sandbox says of its kernel. */
final class Kernels {
  private Kernels() {}

  static String of(Sandbox sandbox) {
    return sandbox.describe().stream()
        .filter(choice -> choice.what().equals("kernel"))
        .map(Choice::toString)
        .findFirst()
        .orElse("not told");
  }
}
