package io.katajava;

import java.util.List;
import java.util.Optional;

/**
 * The answer to whether a template fits a sandbox; see {@link TemplateStore#status}.
 *
 * @param template the fitting template, verified; empty when there is none
 * @param obstacle why there can be none, a clause; empty when there can be one
 * @param attachedLater what a clone gets plugged in after it was made
 */
public record TemplateStatus(
    Optional<TemplateInfo> template, Optional<String> obstacle, List<String> attachedLater) {

  /** Copies the list. */
  public TemplateStatus {
    attachedLater = List.copyOf(attachedLater);
  }
}
