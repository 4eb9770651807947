package io.katajava.guest;

import io.katajava.Choice;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/**
 * A guest that was built and is kept in the cache.
 *
 * @param id fingerprint of what it was built from
 * @param kernel what is booted
 * @param initrd its initrd
 * @param lastUsed when a start last took it
 * @param choices what was chosen when it was built, and why
 */
public record StoredGuest(
    String id, Path kernel, Path initrd, Instant lastUsed, List<Choice> choices) {

  /** Copies the list. */
  public StoredGuest {
    choices = List.copyOf(choices);
  }

  /**
   * One of the choices.
   *
   * @param what what was decided on, for example {@code kernel}
   * @return what was chosen, or {@code ?}
   */
  public String chosen(String what) {
    return choices.stream()
        .filter(choice -> choice.what().equals(what))
        .map(Choice::chosen)
        .findFirst()
        .orElse("?");
  }
}
