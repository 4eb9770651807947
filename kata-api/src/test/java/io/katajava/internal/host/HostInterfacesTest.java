package io.katajava.internal.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.internal.ledger.SandboxIds;
import org.junit.jupiter.api.Test;

class HostInterfacesTest {

  @Test
  void line_ofIp_isTakenApart() {
    String line =
        "2: eth0@if5: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1400 qdisc noqueue state UP \\"
            + "    link/ether fe:31:e7:67:c8:db brd ff:ff:ff:ff:ff:ff link-netnsid 0";
    assertThat(HostInterfaces.nameIn(line)).contains("eth0");
    assertThat(HostInterfaces.nameIn("1: lo: <LOOPBACK> mtu 65536")).contains("lo");
    assertThat(HostInterfaces.nameIn("")).isEmpty();
    assertThat(HostInterfaces.after(line, "mtu")).contains("1400");
    assertThat(HostInterfaces.after(line, "link/ether")).contains("fe:31:e7:67:c8:db");
    assertThat(HostInterfaces.after(line, "master")).isEmpty();
    assertThat(HostInterfaces.after("default via", "via")).isEmpty();
  }

  @Test
  void tapName_fitsAndBearsTheSandboxsId() {
    String id = SandboxIds.next();
    assertThat(HostInterfaces.tapName(id, 9)).contains(id).hasSizeLessThanOrEqualTo(15);
  }
}
