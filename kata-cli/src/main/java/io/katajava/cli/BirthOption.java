package io.katajava.cli;

import io.katajava.BirthPolicy;

/** What {@code --birth} says: a policy by a short name. */
enum BirthOption {
  /** Boots. */
  cold(BirthPolicy.COLD),
  /** A clone, of a template that is there. */
  auto(BirthPolicy.TEMPLATE_IF_PRESENT),
  /** A clone, of a template that is built if need be. */
  template(BirthPolicy.TEMPLATE_ON_DEMAND);

  private final BirthPolicy policy;

  BirthOption(BirthPolicy policy) {
    this.policy = policy;
  }

  BirthPolicy policy() {
    return policy;
  }
}
