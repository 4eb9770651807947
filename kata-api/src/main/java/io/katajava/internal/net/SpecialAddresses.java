package io.katajava.internal.net;

import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is not of the public internet (RFC 6890 and IANA's registries), with what it is. */
final class SpecialAddresses {
  private static final Logger log = LoggerFactory.getLogger(SpecialAddresses.class);

  private static final IpRange MAPPED = IpRange.parse("::ffff:0:0/96");
  private static final IpRange NAT64 = IpRange.parse("64:ff9b::/96");
  private static final IpRange SIX_TO_FOUR = IpRange.parse("2002::/16");
  private static final IpRange GLOBAL = IpRange.parse("2000::/3");

  private static final Map<IpRange, String> RANGES = ranges();

  private SpecialAddresses() {}

  private static Map<IpRange, String> ranges() {
    Map<String, List<String>> all = new LinkedHashMap<>();
    all.put(
        "a metadata address",
        List.of(
            "168.63.129.16",
            "169.254.169.254",
            "100.100.100.200",
            "192.0.0.192",
            "fd00:ec2::254",
            "fd20:ce::254",
            "fd00:c1::a9fe:a9fe"));
    all.put(
        "a private address", List.of("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"));
    all.put("a carrier's shared address", List.of("100.64.0.0/10"));
    all.put("a loopback address", List.of("127.0.0.0/8", "::1"));
    all.put("a link-local address", List.of("169.254.0.0/16", "fe80::/10"));
    all.put("a site-local address", List.of("fec0::/10"));
    all.put("a multicast address", List.of("224.0.0.0/4", "ff00::/8"));
    all.put(
        "a reserved address",
        List.of(
            "0.0.0.0/8",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "240.0.0.0/4",
            "2001::/23",
            "2001:db8::/32",
            "3fff::/20"));
    Map<IpRange, String> ranges = new LinkedHashMap<>();
    all.forEach((what, some) -> some.forEach(text -> ranges.put(IpRange.parse(text), what)));
    return ranges;
  }

  /** What it is; null for an address of the public internet that is not the host's own. */
  static @Nullable String what(Ip address) {
    for (Map.Entry<IpRange, String> range : RANGES.entrySet()) {
      if (range.getKey().contains(address)) {
        return range.getValue();
      }
    }
    Ip behind = behind(address);
    if (behind != null) {
      String what = what(behind);
      return what == null ? null : "translated to " + behind + ", " + what;
    }
    if (address.isIpv6() && !GLOBAL.contains(address)) {
      return "a reserved address";
    }
    return isOurs(address) ? "an address of the host" : null;
  }

  /** The IPv4 address that a translator of IPv6 takes it to; null for others. */
  static @Nullable Ip behind(Ip address) {
    if (NAT64.contains(address)) {
      return Ip.v4((int) address.low());
    }
    return SIX_TO_FOUR.contains(address) ? Ip.v4((int) (address.high() >>> 16)) : null;
  }

  /** Whether a system would take it for an IPv4 address; on no link is there such a packet. */
  static boolean isMapped(Ip address) {
    return MAPPED.contains(address);
  }

  private static boolean isOurs(Ip address) {
    try {
      return NetworkInterface.getByInetAddress(address.inet()) != null;
    } catch (SocketException e) {
      // What cannot be told apart from the host is not opened.
      log.debug("cannot tell whether {} is the host's", address, e);
      return true;
    }
  }
}
