package io.katajava;

/**
 * A policy that says whether a sandbox may be made from a template, and who builds the template.
 */
public enum BirthPolicy {
  /** Always boots. */
  COLD,

  /**
   * The default: a clone when a fitting template is there, else it boots. Never builds one: that
   * takes a second start's time and about 100 MB of memory, which nobody asked for.
   */
  TEMPLATE_IF_PRESENT,

  /**
   * As {@link #TEMPLATE_IF_PRESENT}; after a sandbox had to boot, the template is built in the
   * background, once, for those that follow. For programs that start many sandboxes.
   */
  TEMPLATE_IN_BACKGROUND,

  /**
   * A clone always, if possible at all: a template that is missing is built first, by one of those
   * who want it while the others wait.
   */
  TEMPLATE_ON_DEMAND
}
