package io.katajava.internal.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.IpFamily;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IpTest {
  @ParameterizedTest
  @CsvSource({
    "::,::",
    "::1,::1",
    "1::,1::",
    "fd00:0:0:2::15,fd00:0:0:2::15",
    "2001:DB8:0:0:1:0:0:1,2001:db8::1:0:0:1",
    "2001:db8:0:1:1:1:1:1,2001:db8:0:1:1:1:1:1",
    "::ffff:1.2.3.4,::ffff:102:304",
    "64:ff9b::10.0.0.1,64:ff9b::a00:1",
    "1:2:3:4:5:6:7:8,1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7::,1:2:3:4:5:6:7:0",
    "10.0.2.15,10.0.2.15",
    "255.255.255.255,255.255.255.255"
  })
  void address_isReadAndWrittenInTheUsualNotation(String text, String written) throws Exception {
    Ip address = Ip.parse(text);
    assertThat(address).hasToString(written);
    assertThat(Ip.parse(written)).isEqualTo(address).hasSameHashCodeAs(address);
    if (!text.startsWith("::ffff")) {
      // The JDK makes an IPv4 address of that one.
      assertThat(Ip.of(InetAddress.getByName(text))).isEqualTo(address);
    }
    assertThat(address.inet() instanceof Inet6Address).isEqualTo(address.isIpv6());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ":",
        ":::",
        "1::2::3",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "::1:2:3:4:5:6:7:8",
        "12345::",
        "g::",
        "fe80::1%eth0",
        "1.2.3",
        "1.2.3.256",
        "1.2.3.4.5",
        "01.2.3.0004",
        "::1.2.3",
        "1.2.3.4::",
        "1:",
        ":1",
        "[::1]",
        "localhost"
      })
  void text_thatIsNoAddress_isRefused(String text) {
    assertThatThrownBy(() -> Ip.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @Property
  void anyAddress_isTheSameAfterWritingAndReading(@ForAll long high, @ForAll long low) {
    Ip address = new Ip(IpFamily.IPV6, high & (low | 0xffff), low & high);
    assertThat(Ip.parse(address.toString())).isEqualTo(address);
    ByteBuffer bytes = ByteBuffer.allocate(16);
    address.write(bytes);
    assertThat(Ip.readV6(bytes, 0)).isEqualTo(address);
    assertThat(address.isAt(bytes, 0)).isTrue();
    assertThat(address.sum()).isEqualTo(Packets.sum(bytes, 0, 16));
  }

  @Test
  void range_containsItsOwnFamilyOnly() {
    assertThat(IpRange.parse("fd00::1/8")).hasToString("fd00::/8");
    assertThat(IpRange.parse("fd00::/8").contains(Ip.parse("fdff:ffff::1"))).isTrue();
    assertThat(IpRange.parse("fd00::/8").contains(Ip.parse("fe00::"))).isFalse();
    assertThat(IpRange.parse("fd00::8/125").contains(Ip.parse("fd00::f"))).isTrue();
    assertThat(IpRange.parse("fd00::8/125").contains(Ip.parse("fd00::10"))).isFalse();
    assertThat(IpRange.parse("::/0").contains(Ip.parse("ffff::"))).isTrue();
    assertThat(IpRange.parse("::/0").contains(Ip.parse("1.2.3.4"))).isFalse();
    assertThat(IpRange.parse("0.0.0.0/0").contains(Ip.parse("1.2.3.4"))).isTrue();
    assertThat(IpRange.parse("10.0.0.0/8").contains(Ip.parse("11.0.0.0"))).isFalse();
    for (String text : new String[] {"fd00::/129", "10.0.0.0/33", "10.0.0.0/", "fd00::/x"}) {
      assertThatThrownBy(() -> IpRange.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void port_ofAnAddress_isReadInAllItsForms() {
    assertThat(IpPort.parse("192.0.2.1", 53)).isEqualTo(new IpPort(Ip.parse("192.0.2.1"), 53));
    assertThat(IpPort.parse("192.0.2.1:5353", 53).port()).isEqualTo(5353);
    assertThat(IpPort.parse("2001:db8::1", 53).address()).isEqualTo(Ip.parse("2001:db8::1"));
    assertThat(IpPort.parse("[2001:db8::1]:5353", 53).port()).isEqualTo(5353);
    assertThat(IpPort.parse("[2001:db8::1]", 53).port()).isEqualTo(53);
    for (String text :
        new String[] {"192.0.2.1:0", "192.0.2.1:70000", "[192.0.2.1]:53", "[::1", "name:53"}) {
      assertThatThrownBy(() -> IpPort.parse(text, 53)).isInstanceOf(IllegalArgumentException.class);
    }
  }
}
