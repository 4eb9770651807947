package io.katajava.internal.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The host's resolver, in a namespace that has a loopback and a resolv.conf of its own. */
@Timeout(180)
class HostResolverTest {
  @TempDir Path directory;

  private static List<String> isolated(String script, String... rest) {
    List<String> command = new ArrayList<>(List.of("unshare", "--map-root-user", "-mn"));
    command.addAll(List.of("sh", "-c", script, "sh"));
    command.addAll(List.of(rest));
    return command;
  }

  /** Where user namespaces are not for everybody. */
  @BeforeAll
  static void assumeNamespaces() throws Exception {
    Process process = new ProcessBuilder(isolated("ip link set lo up")).start();
    assumeTrue(process.waitFor() == 0, "this host gives nobody a network namespace");
  }

  private Map<String, String> ask(String how) throws Exception {
    Path resolv = directory.resolve("resolv.conf");
    Files.writeString(resolv, "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n");
    String script =
        "ip link set lo up && mount --bind \"$1\" /etc/resolv.conf && shift && exec \"$@\"";
    Process process =
        new ProcessBuilder(
                isolated(
                    script,
                    resolv.toString(),
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-cp",
                    System.getProperty("java.class.path"),
                    ResolverVictim.class.getName(),
                    how))
            .redirectErrorStream(true)
            .start();
    try {
      process.getOutputStream().close();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).as(said).isZero();
      Map<String, String> all = new HashMap<>();
      for (String line : said.split("\n", -1)) {
        int equals = line.indexOf('=');
        if (equals > 0) {
          all.put(line.substring(0, equals), line.substring(equals + 1).strip());
        }
      }
      return all;
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void name_whoseServerIsNotReached_isNotSaidToBeMissing() throws Exception {
    Map<String, String> said = ask("alone");
    assertThat(said.get("temporary.example")).startsWith("FAILED");
    assertThat(said.get("localhost")).startsWith("FOUND").contains("127.0.0.1");
  }

  @Test
  void name_thatAServerKnowsOrNot_isSaidToBeThatWay() throws Exception {
    Map<String, String> said = ask("served");
    assertThat(said.get("one.example"))
        .startsWith("FOUND [192.0.2.55, 2001:db8::55]")
        .contains("one.example");
    assertThat(said.get("none.example")).startsWith("FOUND []");
    assertThat(said.get("no.example")).startsWith("NO_SUCH_NAME []");
    assertThat(said.get("broken.example")).startsWith("FAILED []");
    assertThat(said.get("alias.example")).isEqualTo("FOUND [192.0.2.55, 2001:db8::55] one.example");
  }
}
