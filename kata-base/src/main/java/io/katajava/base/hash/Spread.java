package io.katajava.base.hash;

/**
 * 128 bits of what it is fed with, for names that are to differ where their reasons do: FNV-1a in
 * two lanes. It is no digest, and nobody is kept from finding two reasons for one name. By hand
 * because the first digest a JVM makes takes it 20 ms, in the middle of a start. Not safe for
 * several threads.
 */
public final class Spread {
  private static final long BASIS = 0xcbf29ce484222325L;
  private static final long PRIME = 0x100000001b3L;
  private static final int APART = 29;

  private long high = BASIS;
  private long low = ~BASIS;

  /** Begins with nothing. */
  public Spread() {}

  /**
   * Takes one more.
   *
   * @param unit a byte or character
   * @return this
   */
  public Spread add(int unit) {
    high = (high ^ unit) * PRIME;
    low = (low ^ Long.rotateLeft(high, APART) ^ unit) * PRIME;
    return this;
  }

  /**
   * Takes the characters of a text.
   *
   * @param text the text
   * @return this
   */
  public Spread add(String text) {
    for (int i = 0; i < text.length(); i++) {
      add(text.charAt(i));
    }
    return this;
  }

  /**
   * The first half.
   *
   * @return 64 bits
   */
  public long high() {
    return high;
  }

  /**
   * The second half.
   *
   * @return 64 bits
   */
  public long low() {
    return low;
  }
}
