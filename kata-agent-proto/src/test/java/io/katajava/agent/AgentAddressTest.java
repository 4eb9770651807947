package io.katajava.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AgentAddressTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "serial:///run/vm/agent.sock",
        "unix:///run/agent.sock",
        "hvsock:///run/vm/v.sock:1024",
        "vsock://3:1024",
        "vsock://4294967295:4294967295",
        "tcp://127.0.0.1:1024",
        "tcp://[::1]:65535"
      })
  void parse_ofItsOwnText_isTheSameAddress(String text) {
    assertThat(AgentAddress.parse(text)).hasToString(text);
  }

  @Test
  void parse_withoutPort_takesTheAgentsUsualOne() {
    assertThat(AgentAddress.parse("vsock://7")).isEqualTo(new AgentAddress.Vsock(7, 1024));
    assertThat(AgentAddress.parse("hvsock:///a/b"))
        .isEqualTo(new AgentAddress.HybridVsock(Path.of("/a/b"), 1024));
  }

  @ParameterizedTest
  @CsvSource({
    "/run/agent.sock,a scheme is missing",
    "ftp://x,the scheme is unknown",
    "unix://,nothing follows",
    "vsock://x:1,not a number",
    "vsock://1:-5,not a number",
    "tcp://host,a host and a port"
  })
  void parse_ofSomethingElse_saysWhatIsWrong(String text, String part) {
    assertThatThrownBy(() -> AgentAddress.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(part)
        .hasMessageContaining("use serial://PATH");
  }

  @Test
  void unixSocket_pathTooLong_namesTheLimit() {
    assertThatThrownBy(() -> AgentAddress.parse("unix:///" + "x".repeat(107)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at most 107 bytes");
  }

  @Test
  void tcp_portOutOfRange_isRefused() {
    assertThatThrownBy(() -> AgentAddress.parse("tcp://a:70000"))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
