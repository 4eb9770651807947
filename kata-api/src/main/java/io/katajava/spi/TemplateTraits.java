package io.katajava.spi;

import java.util.List;
import java.util.Optional;

/**
 * The properties that a template for a machine would have; see {@link Hypervisor#templateFor}.
 *
 * @param sizes the sizes of the template itself. A machine made of it that shall be larger has the
 *     rest plugged in by {@link VirtualMachine#complete}
 * @param traits everything that shapes the template, in words: equal traits (and equal guests),
 *     interchangeable templates
 * @param obstacle why there can be none, a clause; empty when there can be one
 * @param attachedLater what a machine made of it has plugged in after, for people
 */
public record TemplateTraits(
    VmSizes sizes, List<String> traits, Optional<String> obstacle, List<String> attachedLater) {

  /** Copies the lists. */
  public TemplateTraits {
    traits = List.copyOf(traits);
    attachedLater = List.copyOf(attachedLater);
  }

  /**
   * No template can stand for such a machine.
   *
   * @param sizes the machine's sizes
   * @param why the reason, a clause
   * @return traits with an obstacle
   */
  public static TemplateTraits impossible(VmSizes sizes, String why) {
    return new TemplateTraits(sizes, List.of(), Optional.of(why), List.of());
  }
}
