package io.katajava;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An amount of memory or storage, exact to the byte.
 *
 * @param bytes the amount in bytes, not negative
 */
public record MemorySize(long bytes) implements Comparable<MemorySize> {

  private static final Pattern TEXT =
      Pattern.compile("\\s*(\\d+)\\s*(b|k|kb|kib|m|mb|mib|g|gb|gib|t|tb|tib)?\\s*");

  /**
   * Checks the amount.
   *
   * @throws IllegalArgumentException if {@code bytes} is negative
   */
  public MemorySize {
    if (bytes < 0) {
      throw new IllegalArgumentException("a memory size is not negative, but is " + bytes);
    }
  }

  /**
   * An amount in bytes.
   *
   * @param bytes the amount
   * @return the size
   */
  public static MemorySize bytes(long bytes) {
    return new MemorySize(bytes);
  }

  /**
   * An amount in KiB (1024 bytes).
   *
   * @param kibibytes the amount
   * @return the size
   * @throws ArithmeticException if it does not fit a {@code long} of bytes
   */
  public static MemorySize kibibytes(long kibibytes) {
    return new MemorySize(Math.multiplyExact(kibibytes, 1L << 10));
  }

  /**
   * An amount in MiB (1024 KiB).
   *
   * @param mebibytes the amount
   * @return the size
   * @throws ArithmeticException if it does not fit a {@code long} of bytes
   */
  public static MemorySize mebibytes(long mebibytes) {
    return new MemorySize(Math.multiplyExact(mebibytes, 1L << 20));
  }

  /**
   * An amount in GiB (1024 MiB).
   *
   * @param gibibytes the amount
   * @return the size
   * @throws ArithmeticException if it does not fit a {@code long} of bytes
   */
  public static MemorySize gibibytes(long gibibytes) {
    return new MemorySize(Math.multiplyExact(gibibytes, 1L << 30));
  }

  /**
   * Reads a size such as {@code 512M}, {@code 2GiB} or {@code 4096}. Units are powers of 1024, in
   * either case; without a unit the number is in bytes.
   *
   * @param text the text
   * @return the size
   * @throws IllegalArgumentException if the text is not a size
   */
  public static MemorySize parse(String text) {
    Matcher matcher = TEXT.matcher(text.toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "'" + text + "' is not a memory size; examples: 512M, 2GiB, 1048576");
    }
    String unit = matcher.group(2) == null ? "b" : matcher.group(2).substring(0, 1);
    try {
      long shift = "bkmgt".indexOf(unit) * 10L;
      return new MemorySize(Math.multiplyExact(Long.parseLong(matcher.group(1)), 1L << shift));
    } catch (ArithmeticException | NumberFormatException e) {
      throw new IllegalArgumentException("'" + text + "' is larger than 8 EiB", e);
    }
  }

  /**
   * The amount in whole MiB, rounded down.
   *
   * @return mebibytes
   */
  public long toMebibytes() {
    return bytes >> 20;
  }

  /**
   * Tells whether the amount is a whole number of the given unit.
   *
   * @param unit the unit, not zero
   * @return whether nothing remains
   */
  public boolean isMultipleOf(MemorySize unit) {
    return bytes % unit.bytes == 0;
  }

  @Override
  public int compareTo(MemorySize other) {
    return Long.compare(bytes, other.bytes);
  }

  /** The largest unit that divides the amount, for example {@code 512 MiB}. */
  @Override
  public String toString() {
    String[] units = {"B", "KiB", "MiB", "GiB", "TiB"};
    int unit = 0;
    long amount = bytes;
    while (unit < units.length - 1 && amount != 0 && amount % 1024 == 0) {
      amount /= 1024;
      unit++;
    }
    return amount + " " + units[unit];
  }
}
