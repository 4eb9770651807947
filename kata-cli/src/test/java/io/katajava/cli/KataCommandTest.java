package io.katajava.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.PublishedPort;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class KataCommandTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int execute(String... arguments) {
    CommandLine line = KataCommand.commandLine();
    line.setOut(new PrintWriter(out));
    line.setErr(new PrintWriter(err));
    return line.execute(arguments);
  }

  @Test
  void version_printsIt() {
    assertThat(execute("version")).isZero();
    assertThat(out.toString()).matches("kata-java \\d+\\.\\d+\\.\\d+\\S*\\R");
  }

  @Test
  void help_listsTheCommands() {
    assertThat(execute("--help")).isZero();
    assertThat(out.toString()).contains("run", "demo", "version", "bench");
  }

  @Test
  void runHelp_explainsTheExitCodes() {
    assertThat(execute("run", "--help")).isZero();
    assertThat(out.toString()).contains("124", "125", "127", "--timeout");
  }

  @Test
  void unknownCommand_isAUsageError() {
    assertThat(execute("fly")).isEqualTo(2);
    assertThat(err.toString()).contains("fly").doesNotContain("Exception");
  }

  @Test
  void run_badMemory_isAUsageErrorNamingIt() {
    assertThat(execute("run", "--memory", "lots", "--", "true")).isEqualTo(2);
    assertThat(err.toString()).contains("lots").doesNotContain("\tat ");
  }

  @Test
  void run_noCommand_isAUsageError() {
    assertThat(execute("run")).isEqualTo(2);
    assertThat(err.toString()).contains("COMMAND");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-p|80:80:80:80",
        "-p|0",
        "-p|1.2.3:80:80",
        "--network|wifi",
        "--egress|open=1.2.3.4",
        "--egress|allow=1.2.3.4:http",
        "--egress|allow=[fd00::/129]:80",
        "-p|[::x]:80:80",
        "--dns|dns.example",
        "--add-host|name",
        "-v|relative",
        "--tmpfs|/x:much",
        "--ip|10.0.0.300/24"
      })
  void run_badNetworkOrVolume_isAUsageError(String option) {
    String[] parts = option.split("\\|", 2);
    String[] network = parts[0].equals("--ip") ? new String[] {"--network", "user"} : new String[0];
    List<String> arguments = new ArrayList<>(List.of("run"));
    arguments.addAll(List.of(network));
    arguments.addAll(List.of(parts[0], parts[1], "--", "true"));
    assertThat(execute(arguments.toArray(String[]::new))).isEqualTo(2);
    assertThat(err.toString()).doesNotContain("\tat ");
  }

  @Test
  void run_detachedFromATemplate_isAUsageError() {
    assertThat(execute("run", "-d", "--birth", "template", "--", "true")).isEqualTo(2);
    assertThat(err.toString()).contains("detached sandboxes are booted");
  }

  @Test
  void publishedPort_isReadInAllItsForms() {
    assertThat(NetworkOptions.port("80")).isEqualTo(PublishedPort.tcp(80));
    assertThat(NetworkOptions.port("8080:80/udp"))
        .isEqualTo(PublishedPort.udp(80).onHostPort(8080));
    assertThat(NetworkOptions.port("127.0.0.2::80").hostAddress())
        .hasValueSatisfying(address -> assertThat(address.getHostAddress()).isEqualTo("127.0.0.2"));
    assertThat(NetworkOptions.port("[::1]:8080:80"))
        .isEqualTo(PublishedPort.tcp(80).onHostPort(8080).onHostAddress("::1"));
  }
}
