package io.katajava.junit.testcontainers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.testcontainers.containers.InternetProtocol;

class PortBindingTest {
  @ParameterizedTest
  @CsvSource({
    "80, 0:80/tcp",
    "8080:80, 8080:80/tcp",
    "8080:80/tcp, 8080:80/tcp",
    "8053:53/UDP, 8053:53/udp",
    "127.0.0.1:8080:80, 127.0.0.1:8080:80/tcp",
    "127.0.0.1::80, 127.0.0.1:0:80/tcp",
    "[::1]:8080:80, [0:0:0:0:0:0:0:1]:8080:80/tcp"
  })
  void binding_isReadAsDockerWritesIt(String binding, String text) {
    assertThat(PortBinding.text(PortBinding.parse(binding))).isEqualTo(text);
    assertThat(PortBinding.parse(text)).isEqualTo(PortBinding.parse(binding));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "http", "80:", "8080:80/sctp", "1:2:3:4", "70000:80", "8080:0", "80-90:80-90"})
  void binding_thatIsNone_isRefused(String binding) {
    assertThatThrownBy(() -> PortBinding.parse(binding))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void bindings_areReplaced_andTheLastOfAPortCounts() {
    KataContainer container = new KataContainer();
    container.setPortBindings(List.of("1:80"));
    container.setPortBindings(List.of("8080:80", "8053:53/udp"));
    container.addFixedExposedPort(9090, 80);
    container.addFixedExposedPort(9443, 443, InternetProtocol.TCP);
    assertThat(container.getPortBindings())
        .containsExactly("8053:53/udp", "9090:80/tcp", "9443:443/tcp");
    container.withExposedPorts(80, 81);
    assertThat(container.published().stream().map(PortBinding::text))
        .containsExactly("8053:53/udp", "9090:80/tcp", "9443:443/tcp", "0:81/tcp");
  }
}
