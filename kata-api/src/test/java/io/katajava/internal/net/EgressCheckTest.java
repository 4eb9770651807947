package io.katajava.internal.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.EgressPolicy;
import io.katajava.IpFamily;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EgressCheckTest {
  private static boolean allows(EgressPolicy policy, String address, int port) {
    return new EgressCheck(policy).decide(Ip.parse(address), port).allowed();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0.0.0.0",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.0.2.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255"
      })
  void address_notOfThePublicInternet_isRefusedUntilItIsAllowedItself(String address) {
    EgressPolicy policy = EgressPolicy.publicInternet();
    assertThat(allows(policy, address, 80)).isFalse();
    assertThat(allows(policy.allow("*.example"), address, 80)).isFalse();
    assertThat(allows(policy.allow(address), address, 80)).isTrue();
    String all = address.indexOf(':') < 0 ? "0.0.0.0/0" : "::/0";
    assertThat(allows(EgressPolicy.denyAll().allow(all), address, 80)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "172.32.0.0",
        "100.128.0.1",
        "2606:4700::1111",
        "2a00::1",
        "64:ff9b::1.1.1.1",
        "2002:101:101::1"
      })
  void address_ofThePublicInternet_isReachedUnlessNothingIs(String address) {
    assertThat(allows(EgressPolicy.publicInternet(), address, 80)).isTrue();
    assertThat(allows(EgressPolicy.denyAll(), address, 80)).isFalse();
  }

  @Test
  void address_ofIpv4InTheGuiseOfIpv6_isRefusedWhateverIsAllowed() {
    EgressPolicy policy = EgressPolicy.publicInternet().allow("::/0").allow("0.0.0.0/0");
    assertThat(allows(policy, "::ffff:127.0.0.1", 80)).isFalse();
    assertThat(allows(policy, "::ffff:1.1.1.1", 80)).isFalse();
  }

  @Test
  void rule_thatDeniesAnIpv4Address_closesTheWayByATranslator() {
    EgressPolicy policy = EgressPolicy.publicInternet().deny("1.1.1.0/24");
    assertThat(allows(policy, "64:ff9b::1.1.1.1", 80)).isFalse();
    assertThat(allows(policy, "2002:101:101::1", 80)).isFalse();
    assertThat(allows(policy, "64:ff9b::1.1.2.1", 80)).isTrue();
    assertThat(allows(EgressPolicy.denyAll().allow("1.1.1.1"), "64:ff9b::1.1.1.1", 80)).isFalse();
  }

  @Test
  void rule_ofIpv6_isForItsRangeAndPorts() {
    EgressPolicy policy = EgressPolicy.denyAll().allow("fd12:34::/32", 5432).deny("fd12:34:5::1");
    assertThat(allows(policy, "fd12:34::7", 5432)).isTrue();
    assertThat(allows(policy, "fd12:34::7", 80)).isFalse();
    assertThat(allows(policy, "fd12:35::7", 5432)).isFalse();
    assertThat(allows(policy, "fd12:34:5::1", 5432)).isFalse();
    assertThat(policy).hasToString("nothing, allow [fd12:34::/32]:5432, deny fd12:34:5::1");
  }

  @Test
  void rule_withPorts_isForTheseAlone() {
    EgressPolicy policy = EgressPolicy.denyAll().allow("10.1.0.0/16", 5432, 5433);
    assertThat(allows(policy, "10.1.2.3", 5433)).isTrue();
    assertThat(allows(policy, "10.1.2.3", 5434)).isFalse();
    assertThat(allows(policy, "10.2.2.3", 5432)).isFalse();
  }

  @Test
  void rule_thatDenies_winsOverAllOthers() {
    EgressPolicy policy =
        EgressPolicy.publicInternet().deny("1.1.1.0/24", 25).allow("1.1.1.1").allow("1.1.1.1", 25);
    assertThat(allows(policy, "1.1.1.1", 80)).isTrue();
    assertThat(allows(policy, "1.1.1.1", 25)).isFalse();
  }

  @Test
  void name_opensTheAddressesItWasAnsweredWith_andNoPrivateOnes() {
    EgressCheck check = new EgressCheck(EgressPolicy.denyAll().allow("*.good.example", 443));
    Ip address = Ip.parse("1.2.3.4");
    Ip inside = Ip.parse("10.0.0.1");
    assertThat(check.decide(address, 443).allowed()).isFalse();
    check.told("www.good.example", Set.of(), List.of(address, inside));
    assertThat(check.decide(address, 443).allowed()).isTrue();
    assertThat(check.decide(address, 443).name()).isEqualTo("www.good.example");
    assertThat(check.decide(address, 80).allowed()).isFalse();
    assertThat(check.decide(inside, 443).allowed()).isFalse();
  }

  @Test
  void name_isMatchedWholeAndBelow() {
    EgressCheck check =
        new EgressCheck(EgressPolicy.denyAll().allow("one.example").allow("*.two.example"));
    assertThat(check.decideName("one.example").allowed()).isTrue();
    assertThat(check.decideName("www.one.example").allowed()).isFalse();
    assertThat(check.decideName("a.b.two.example").allowed()).isTrue();
    assertThat(check.decideName("two.example").allowed()).isFalse();
    assertThat(check.decideName("eviltwo.example").allowed()).isFalse();
    assertThat(
            new EgressCheck(EgressPolicy.denyAll().allow("*.example").deny("*.bad.example"))
                .decideName("x.bad.example")
                .allowed())
        .isFalse();
  }

  /** As if the host had found out what all denied names stand for. */
  private static EgressCheck known(EgressPolicy policy) {
    EgressCheck check = new EgressCheck(policy);
    for (NamedRule rule : check.watched()) {
      rule.known(IpFamily.IPV4);
      rule.known(IpFamily.IPV6);
      rule.asked();
    }
    return check;
  }

  @Test
  void name_deniedAtAPort_closesItsAddressHoweverManyOthersShareIt() {
    EgressCheck check = known(EgressPolicy.publicInternet().deny("bad.example", 25));
    Ip address = Ip.parse("1.2.3.4");
    for (int i = 0; i < 100; i++) {
      check.told("n" + i + ".example", Set.of(), List.of(address));
    }
    check.told("bad.example", Set.of(), List.of(address));
    for (int i = 0; i < 10_000; i++) {
      check.told("m" + i + ".example", Set.of(), List.of(address, Ip.v4(0x05000000 + i)));
    }
    assertThat(check.decide(address, 25).allowed()).isFalse();
    assertThat(check.decide(address, 443).allowed()).isTrue();
    assertThat(check.decide(Ip.parse("64:ff9b::1.2.3.4"), 25).allowed()).isFalse();
    assertThat(check.decide(Ip.parse("2002:102:304::1"), 25).allowed()).isFalse();
  }

  @Test
  void name_deniedAndFoundByTheHost_closesItsAddressesThoughNobodyAsked() {
    EgressPolicy policy =
        EgressPolicy.publicInternet().deny("Bad.Example.").allow("1.2.3.4").allow("good.example");
    EgressCheck check = known(policy);
    NamedRule rule = check.watched().get(0);
    rule.add(Ip.parse("1.2.3.4"));
    rule.add(Ip.parse("2606:4700::7"));
    // Shared by a name that is allowed: what denies wins.
    check.told("good.example", Set.of(), List.of(Ip.parse("1.2.3.4")));
    assertThat(check.decide(Ip.parse("1.2.3.4"), 80).allowed()).isFalse();
    assertThat(check.decide(Ip.parse("2606:4700::7"), 80).reason())
        .isEqualTo("the rule 'deny bad.example'");
    assertThat(check.decide(Ip.parse("1.2.3.5"), 80).allowed()).isTrue();
  }

  @Test
  void name_denied_asLongAsItsAddressesAreNotKnown_closesThePortsOfTheRule() {
    EgressCheck check =
        new EgressCheck(EgressPolicy.publicInternet().deny("bad.example", 25).allow("10.0.0.0/8"));
    NamedRule rule = check.watched().get(0);
    EgressCheck.Decision early = check.decide(Ip.parse("1.2.3.4"), 25);
    assertThat(early.allowed()).isFalse();
    assertThat(early.later()).as("until the first lookup has ended").isTrue();
    assertThat(check.decide(Ip.parse("1.2.3.4"), 80).allowed()).isTrue();
    rule.asked();
    EgressCheck.Decision failed = check.decide(Ip.parse("10.2.3.4"), 25);
    assertThat(failed.allowed()).isFalse();
    assertThat(failed.later()).isFalse();
    assertThat(failed.reason())
        .isEqualTo(
            "it is not known whether the rule 'deny bad.example:25' denies it: the addresses of"
                + " that name are not known");
    rule.known(IpFamily.IPV4);
    assertThat(check.decide(Ip.parse("1.2.3.4"), 25).allowed()).isTrue();
    assertThat(check.decide(Ip.parse("2606:4700::7"), 25).allowed()).isFalse();
    rule.known(IpFamily.IPV6);
    assertThat(check.decide(Ip.parse("2606:4700::7"), 25).allowed()).isTrue();
  }

  @Test
  void name_denied_withMoreAddressesThanCanBeKept_closesAll() {
    EgressCheck check = known(EgressPolicy.publicInternet().deny("bad.example"));
    NamedRule rule = check.watched().get(0);
    for (int i = 0; i < NamedRule.MOST_DENIED; i++) {
      rule.add(Ip.v4(0x02000000 + i));
    }
    assertThat(check.decide(Ip.parse("2.0.0.0"), 80).allowed()).isFalse();
    assertThat(check.decide(Ip.parse("1.2.3.4"), 80).allowed()).isTrue();
    rule.add(Ip.parse("2.0.0.0"));
    assertThat(check.decide(Ip.parse("1.2.3.4"), 80).allowed()).isTrue();
    rule.add(Ip.parse("3.0.0.0"));
    assertThat(check.decide(Ip.parse("1.2.3.4"), 80).allowed()).isFalse();
  }

  @Test
  void name_behindAnother_isDeniedAsWell() {
    EgressCheck check =
        known(
            EgressPolicy.publicInternet()
                .deny("bad.example")
                .deny("mail.example", 25)
                .allow("good.example", 25));
    assertThat(check.denied(Set.of("alias.example", "bad.example"))).isNotNull();
    assertThat(check.denied(Set.of("alias.example", "mail.example"))).isNull();
    check.told("alias.example", Set.of("mail.example"), List.of(Ip.parse("1.2.3.4")));
    assertThat(check.decide(Ip.parse("1.2.3.4"), 25).allowed()).isFalse();
    // What allows is for the name that was asked for: behind it may be anything.
    EgressCheck other = new EgressCheck(EgressPolicy.denyAll().allow("good.example"));
    other.told("alias.example", Set.of("good.example"), List.of(Ip.parse("1.2.3.4")));
    assertThat(other.decide(Ip.parse("1.2.3.4"), 25).allowed()).isFalse();
  }

  @Test
  void name_allowed_isNotForgottenForOthersAtItsAddress() {
    EgressCheck check = new EgressCheck(EgressPolicy.denyAll().allow("*.example").allow("a.test"));
    Ip address = Ip.parse("1.2.3.4");
    for (int i = 0; i < 100; i++) {
      check.told("n" + i + ".other", Set.of(), List.of(address));
    }
    check.told("a.test", Set.of(), List.of(address));
    assertThat(check.decide(address, 443).allowed()).isTrue();
    for (int i = 0; i < NamedRule.MOST_ALLOWED; i++) {
      check.told("a.test", Set.of(), List.of(Ip.v4(0x05000000 + i)));
    }
    assertThat(check.decide(address, 443).allowed()).as("it has to be asked for again").isFalse();
    assertThat(check.decide(Ip.v4(0x05000000), 443).allowed()).isTrue();
  }

  @Test
  void rule_thatDeniesAllNamesBelowOne_isRefusedWhereAddressesAreOpen() {
    for (EgressPolicy open :
        List.of(EgressPolicy.publicInternet(), EgressPolicy.denyAll().allow("10.0.0.0/8", 5432))) {
      assertThatThrownBy(() -> open.deny("*.bad.example", 25))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("'deny *.bad.example:25' cannot be enforced")
          .hasMessageContaining("nobody can list all names below bad.example");
    }
    EgressPolicy names = EgressPolicy.denyAll().deny("*.bad.example").allow("*.example");
    assertThat(names.rules()).hasSize(2);
    assertThatThrownBy(() -> names.allow("1.2.3.4"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'allow 1.2.3.4'");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "10.0.0",
        "10.0.0.0/33",
        "300.1.1.1",
        "a b",
        "*",
        "ex*mple",
        "-x/",
        "fd00::/129",
        ":x"
      })
  void destination_malformed_isRefused(String destination) {
    assertThatThrownBy(() -> EgressPolicy.denyAll().allow(destination))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void policy_isEqualByItsRulesAndSaysThem() {
    EgressPolicy policy = EgressPolicy.denyAll().allow("Example.ORG.", 443);
    assertThat(policy).isEqualTo(EgressPolicy.denyAll().allow("example.org", 443));
    assertThat(policy).hasToString("nothing, allow example.org:443");
  }
}
