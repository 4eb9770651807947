package io.katajava;

/**
 * One decision made for the user, and its reason.
 *
 * @param what what was decided on, for example {@code accelerator}
 * @param chosen what was chosen, for example {@code tcg}
 * @param why the reason, a clause
 */
public record Choice(String what, String chosen, String why) {
  @Override
  public String toString() {
    return what + ": " + chosen + " (" + why + ")";
  }
}
