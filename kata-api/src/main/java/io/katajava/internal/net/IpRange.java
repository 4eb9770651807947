package io.katajava.internal.net;

/**
 * The addresses that share a prefix.
 *
 * @param first the first of them
 * @param prefixLength how many bits are the same in all
 */
public record IpRange(Ip first, int prefixLength) {
  /**
   * Clears the bits after the prefix.
   *
   * @throws IllegalArgumentException if the prefix is longer than an address
   */
  public IpRange {
    if (prefixLength < 0 || prefixLength > first.bits()) {
      throw new IllegalArgumentException(
          "the prefix of " + first + " has 0 to " + first.bits() + " bits, not " + prefixLength);
    }
    first = masked(first, prefixLength);
  }

  /**
   * Reads the usual notation.
   *
   * @param text {@code 10.0.0.0/8}, {@code fd00::/8}; a single address without a prefix
   * @return the range
   * @throws IllegalArgumentException if it is none
   */
  public static IpRange parse(String text) {
    int slash = text.indexOf('/');
    if (slash < 0) {
      Ip address = Ip.parse(text);
      return new IpRange(address, address.bits());
    }
    String length = text.substring(slash + 1);
    if (!length.matches("\\d{1,3}")) {
      throw new IllegalArgumentException(
          "'" + text + "' is neither an address nor a range like 10.0.0.0/8 or fd00::/8");
    }
    return new IpRange(Ip.parse(text.substring(0, slash)), Integer.parseInt(length));
  }

  /**
   * Whether an address is in the range; one of the other family never is.
   *
   * @param address of either family
   * @return whether it is
   */
  public boolean contains(Ip address) {
    return address.family() == first.family() && masked(address, prefixLength).equals(first);
  }

  private static Ip masked(Ip address, int length) {
    if (!address.isIpv6()) {
      return new Ip(address.family(), 0, address.low() & mask(length + 32));
    }
    return new Ip(
        address.family(),
        address.high() & mask(Math.min(length, 64)),
        address.low() & mask(Math.max(length - 64, 0)));
  }

  private static long mask(int bits) {
    return bits == 0 ? 0 : -1L << (64 - bits);
  }

  @Override
  public String toString() {
    return first + "/" + prefixLength;
  }
}
