package io.katajava.internal.ledger;

import java.security.SecureRandom;

/** Makes sandbox ids: ten letters and digits, short because socket paths are limited. */
public final class SandboxIds {
  private static final String ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
  private static final int LENGTH = 10;
  private static final SecureRandom RANDOM = new SecureRandom();

  private SandboxIds() {}

  public static String next() {
    StringBuilder id = new StringBuilder(LENGTH);
    for (int i = 0; i < LENGTH; i++) {
      id.append(ALPHABET.charAt(RANDOM.nextInt(ALPHABET.length())));
    }
    return id.toString();
  }
}
