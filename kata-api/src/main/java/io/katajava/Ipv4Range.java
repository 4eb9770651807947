package io.katajava;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A range of IPv4 addresses that share a prefix.
 *
 * @param first the first address, as a number
 * @param prefixLength how many bits are the same in all of them, 0 to 32
 */
public record Ipv4Range(int first, int prefixLength) {
  private static final Pattern NOTATION =
      Pattern.compile("(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})(?:/(\\d{1,2}))?");

  /**
   * Clears the bits after the prefix.
   *
   * @throws IllegalArgumentException if the prefix is out of range
   */
  public Ipv4Range {
    if (prefixLength < 0 || prefixLength > 32) {
      throw new IllegalArgumentException("a prefix of IPv4 has 0 to 32 bits, not " + prefixLength);
    }
    first &= mask(prefixLength);
  }

  /**
   * Reads the usual notation.
   *
   * @param text {@code 10.0.0.0/8}; a single address without a prefix
   * @return the range
   * @throws IllegalArgumentException if it is none
   */
  public static Ipv4Range parse(String text) {
    Matcher matcher = NOTATION.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "'" + text + "' is neither an IPv4 address nor a range like 10.0.0.0/8");
    }
    String prefix = matcher.group(5);
    return new Ipv4Range(
        address(text.contains("/") ? text.substring(0, text.indexOf('/')) : text),
        prefix == null ? 32 : Integer.parseInt(prefix));
  }

  /**
   * An address as a number.
   *
   * @param text four decimal numbers
   * @return the number, the first part being the highest byte
   * @throws IllegalArgumentException if it is no address
   */
  public static int address(String text) {
    Matcher matcher = NOTATION.matcher(text);
    if (!matcher.matches() || matcher.group(5) != null) {
      throw new IllegalArgumentException("'" + text + "' is no IPv4 address");
    }
    int address = 0;
    for (int i = 1; i <= 4; i++) {
      int part = Integer.parseInt(matcher.group(i));
      if (part > 255) {
        throw new IllegalArgumentException("'" + text + "' is no IPv4 address");
      }
      address = address << 8 | part;
    }
    return address;
  }

  /**
   * An address in the usual notation.
   *
   * @param address as a number
   * @return four decimal numbers
   */
  public static String text(int address) {
    return (address >>> 24)
        + "."
        + (address >>> 16 & 255)
        + "."
        + (address >>> 8 & 255)
        + "."
        + (address & 255);
  }

  /**
   * Whether an address is in the range.
   *
   * @param address as a number
   * @return whether it is
   */
  public boolean contains(int address) {
    return (address & mask(prefixLength)) == first;
  }

  private static int mask(int prefixLength) {
    return prefixLength == 0 ? 0 : -1 << (32 - prefixLength);
  }

  @Override
  public String toString() {
    return text(first) + "/" + prefixLength;
  }
}
