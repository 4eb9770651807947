package io.katajava.agent;

/**
 * An address with the length of its network prefix.
 *
 * @param address IPv4 or IPv6 in text form
 * @param prefixLength in bits; on the wire a decimal {@code mask}
 */
public record IpAddress(String address, int prefixLength) {
  /** Checks the prefix. */
  public IpAddress {
    int most = address.indexOf(':') >= 0 ? 128 : 32;
    if (prefixLength < 0 || prefixLength > most) {
      throw new IllegalArgumentException(
          "the prefix of " + address + " is 0 to " + most + " bits but here " + prefixLength);
    }
  }

  /**
   * Reads the usual notation.
   *
   * @param text such as {@code 10.0.2.15/24}; without a prefix it is the longest
   * @return the address
   * @throws IllegalArgumentException if the prefix is not a number in range
   */
  public static IpAddress parse(String text) {
    int slash = text.indexOf('/');
    if (slash < 0) {
      return new IpAddress(text, text.indexOf(':') >= 0 ? 128 : 32);
    }
    return new IpAddress(text.substring(0, slash), Integer.parseInt(text.substring(slash + 1)));
  }

  /**
   * Tells the family.
   *
   * @return whether it is IPv6
   */
  public boolean isIpv6() {
    return address.indexOf(':') >= 0;
  }

  @Override
  public String toString() {
    return address + "/" + prefixLength;
  }
}
