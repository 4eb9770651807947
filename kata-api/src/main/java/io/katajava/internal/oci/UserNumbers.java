package io.katajava.internal.oci;

import io.katajava.agent.oci.OciUser;

/** Numbers of users and groups as text. */
public final class UserNumbers {
  private UserNumbers() {}

  /**
   * Tells whether a text is the number of a user or group.
   *
   * @param text any text
   * @return true for digits that make a number up to {@link OciUser#LAST_ID}
   */
  public static boolean isOne(String text) {
    return text.matches("[0-9]{1,10}") && Long.parseLong(text) <= OciUser.LAST_ID;
  }
}
