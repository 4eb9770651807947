package io.katajava.internal.cards;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.Network;
import io.katajava.SandboxSpec;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What the containers' resolv.conf says, and what it could not say. */
class ResolvConfTest {
  private static SandboxConnections connections(List<String> servers, List<String> search) {
    return SandboxConnections.none(
        "test",
        SandboxSpec.builder()
            .networking(new SandboxSpec.Networking(List.of(), servers, search, Map.of()))
            .build());
  }

  @Test
  void servers_areAddressesWithoutPortsAndBrackets() {
    assertThat(
            connections(List.of("10.0.0.1:53", "[fd00::1]:53", "fd00::2"), List.of("a.example"))
                .resolvConf())
        .containsExactly(
            "nameserver 10.0.0.1", "nameserver fd00::1", "nameserver fd00::2", "search a.example");
  }

  @Test
  void servers_thatAFileCannotName_areRefusedWithoutAUserNetwork() {
    for (List<String> servers :
        List.of(
            List.of("10.0.0.1:5353"),
            List.of("10.0.0.1", "[fd00::1]:54"),
            List.of("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"))) {
      assertThatThrownBy(() -> connections(servers, List.of()))
          .isInstanceOfSatisfying(
              KataException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CONFIGURATION))
          .hasMessageContaining("name server");
      assertThat(
              new SandboxSpec.Networking(List.of(Network.user()), servers, List.of(), Map.of())
                  .nameServers())
          .isEqualTo(servers);
    }
  }

  @Test
  void search_ofManyDomains_isWrittenAndSaid_andOfTooManyRefused() {
    List<String> seven = IntStream.range(0, 7).mapToObj(i -> "d" + i + ".example").toList();
    SandboxConnections connections = connections(List.of(), seven);
    assertThat(connections.resolvConf()).containsExactly("search " + String.join(" ", seven));
    assertThat(connections.choices())
        .anySatisfy(choice -> assertThat(choice.what()).isEqualTo("search domains"));
    assertThat(connections(List.of(), seven.subList(0, 6)).choices()).hasSize(1);
    List<String> many = IntStream.range(0, 33).mapToObj(i -> "d" + i).toList();
    assertThatThrownBy(() -> connections(List.of(), many))
        .isInstanceOf(KataException.class)
        .hasMessageContaining("at most 32 search domains");
    assertThatThrownBy(() -> connections(List.of(), List.of("a".repeat(2049))))
        .isInstanceOf(KataException.class);
  }
}
