package io.katajava.internal.net;

import io.katajava.IpFamily;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An address of either family, as a number that is cheap to compare. An IPv6 address that holds an
 * IPv4 one is not that address.
 *
 * @param family its family
 * @param high the first 64 bits of IPv6; 0 for IPv4
 * @param low the last 64 bits of IPv6; all 32 of IPv4
 */
public record Ip(IpFamily family, long high, long low) {
  private static final Pattern DECIMAL =
      Pattern.compile("(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})");
  private static final Pattern GROUP = Pattern.compile("[0-9a-fA-F]{1,4}");
  private static final int GROUPS = 8;

  /**
   * An IPv4 address.
   *
   * @param number its first part being the highest byte
   * @return the address
   */
  public static Ip v4(int number) {
    return new Ip(IpFamily.IPV4, 0, number & 0xffffffffL);
  }

  /**
   * Reads an address in the usual notation of its family; names and zones are none.
   *
   * @param text {@code 10.0.2.15}, {@code fd00::2}
   * @return the address
   * @throws IllegalArgumentException if it is none
   */
  public static Ip parse(String text) {
    Ip parsed = text.indexOf(':') >= 0 ? parseV6(text) : parseV4(text);
    if (parsed == null) {
      throw new IllegalArgumentException("'" + text + "' is no IPv4 or IPv6 address");
    }
    return parsed;
  }

  private static @Nullable Ip parseV4(String text) {
    Matcher matcher = DECIMAL.matcher(text);
    if (!matcher.matches()) {
      return null;
    }
    int number = 0;
    for (int i = 1; i <= 4; i++) {
      int part = Integer.parseInt(matcher.group(i));
      if (part > 255) {
        return null;
      }
      number = (number << 8) | part;
    }
    return v4(number);
  }

  private static @Nullable Ip parseV6(String text) {
    int gap = text.indexOf("::");
    if (gap != text.lastIndexOf("::")) {
      return null;
    }
    List<Integer> head = groups(gap < 0 ? text : text.substring(0, gap), gap < 0);
    List<Integer> tail = gap < 0 ? List.of() : groups(text.substring(gap + 2), true);
    if (head == null || tail == null) {
      return null;
    }
    int missing = GROUPS - head.size() - tail.size();
    if (gap < 0 ? missing != 0 : missing < 1) {
      return null;
    }
    long[] halves = new long[2];
    for (int i = 0; i < GROUPS; i++) {
      int group =
          i < head.size()
              ? head.get(i)
              : i < head.size() + missing ? 0 : tail.get(i - head.size() - missing);
      halves[i / 4] = (halves[i / 4] << 16) | group;
    }
    return new Ip(IpFamily.IPV6, halves[0], halves[1]);
  }

  /** Groups between single colons; the last of all may be an IPv4 address. */
  private static @Nullable List<Integer> groups(String text, boolean last) {
    List<Integer> groups = new ArrayList<>();
    if (text.isEmpty()) {
      return groups;
    }
    String[] parts = text.split(":", -1);
    for (int i = 0; i < parts.length; i++) {
      if (GROUP.matcher(parts[i]).matches()) {
        groups.add(Integer.parseInt(parts[i], 16));
        continue;
      }
      Ip embedded = last && i == parts.length - 1 ? parseV4(parts[i]) : null;
      if (embedded == null) {
        return null;
      }
      groups.add((int) (embedded.low >>> 16));
      groups.add((int) (embedded.low & 0xffff));
    }
    return groups;
  }

  /**
   * The same address of the JDK's; a zone is lost.
   *
   * @param address of either family
   * @return the address
   */
  public static Ip of(InetAddress address) {
    ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
    return address instanceof Inet4Address ? readV4(bytes, 0) : readV6(bytes, 0);
  }

  static Ip readV4(ByteBuffer from, int at) {
    return v4(from.getInt(at));
  }

  static Ip readV6(ByteBuffer from, int at) {
    return new Ip(IpFamily.IPV6, from.getLong(at), from.getLong(at + 8));
  }

  /** Writes its 4 or 16 bytes at the buffer's position. */
  void write(ByteBuffer to) {
    if (isIpv6()) {
      to.putLong(high).putLong(low);
    } else {
      to.putInt((int) low);
    }
  }

  /**
   * Tells the family.
   *
   * @return whether it is IPv6
   */
  public boolean isIpv6() {
    return family == IpFamily.IPV6;
  }

  /**
   * How long it is.
   *
   * @return 32 or 128
   */
  public int bits() {
    return isIpv6() ? 128 : 32;
  }

  /** Whether packets are from or to it as they are at rest, in the IP header. */
  boolean isAt(ByteBuffer packet, int at) {
    return isIpv6()
        ? packet.getLong(at) == high && packet.getLong(at + 8) == low
        : packet.getInt(at) == (int) low;
  }

  /** The sum of its 32-bit words, for checksums. */
  long sum() {
    return (high >>> 32) + (high & 0xffffffffL) + (low >>> 32) + (low & 0xffffffffL);
  }

  /**
   * For the JDK. An IPv6 address stays one, whatever it holds.
   *
   * @return the address, without a name
   */
  public InetAddress inet() {
    byte[] bytes = new byte[bits() / 8];
    write(ByteBuffer.wrap(bytes));
    try {
      return isIpv6()
          ? Inet6Address.getByAddress(null, bytes, -1)
          : InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new AssertionError(bytes.length + " bytes are an address", e);
    }
  }

  private int group(int index) {
    return (int) ((index < 4 ? high : low) >>> ((3 - index % 4) * 16)) & 0xffff;
  }

  // By hand: in a fresh JVM the first of the compiler's own, by invokedynamic, costs milliseconds.
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Ip ip && ip.family == family && ip.high == high && ip.low == low;
  }

  @Override
  public int hashCode() {
    return Long.hashCode(high * 31 + low);
  }

  /** In the usual notation: decimal, or as RFC 5952 has it. */
  @Override
  public String toString() {
    if (!isIpv6()) {
      return (low >>> 24)
          + "."
          + ((low >>> 16) & 255)
          + "."
          + ((low >>> 8) & 255)
          + "."
          + (low & 255);
    }
    int gap = -1;
    int gapLength = 1;
    for (int i = 0; i < GROUPS; i++) {
      int length = 0;
      while (i + length < GROUPS && group(i + length) == 0) {
        length++;
      }
      if (length > gapLength) {
        gap = i;
        gapLength = length;
      }
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < GROUPS; i++) {
      if (i == gap) {
        text.append("::");
        i += gapLength - 1;
      } else {
        text.append(text.length() == 0 || text.charAt(text.length() - 1) == ':' ? "" : ":")
            .append(Integer.toHexString(group(i)));
      }
    }
    return text.toString();
  }
}
