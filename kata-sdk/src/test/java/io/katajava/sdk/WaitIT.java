package io.katajava.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.Container;
import io.katajava.ErrorCode;
import io.katajava.ExecOutcome;
import io.katajava.Kata;
import io.katajava.Network;
import io.katajava.Sandbox;
import io.katajava.agent.oci.OciNamespace;
import io.katajava.wait.ContainerNotReadyException;
import io.katajava.wait.Wait;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Waits for what runs in real guests. */
class WaitIT {
  /** Long enough for any machine; what ends at once must not need it. */
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  @TempDir Path directory;

  @Test
  void server_isWaitedFor_everyWay() {
    Leftovers leftovers = new Leftovers(directory.resolve("s"));
    try (Kata kata = Kata.builder().stateDirectory(directory.resolve("s")).build();
        Sandbox sandbox = kata.sandbox().network(Network.user(n -> n.publish(8080))).start()) {
      String serve =
          "mkdir -p /www && echo UP >/www/health && echo serving"
              + " && exec httpd -f -p 8080 -h /www";
      try (Container web =
          sandbox
              .container("web")
              .command("sh", "-c", serve)
              .waitingFor(
                  Wait.forAll(
                          Wait.forLogMessage("^serving$"),
                          Wait.forListeningPort(8080),
                          Wait.forHttp("/health").forBody(body -> body.equals("UP\n")),
                          Wait.forSuccessfulCommand("wget -qO- localhost:8080/health | grep UP"),
                          Wait.forAny(
                              Wait.forLogMessage("never said"),
                              Wait.until("files", c -> c.exec("ls", "/www").isSuccess())))
                      .withTimeout(PATIENCE))
              .start()) {
        assertThat(web.listeningPorts()).containsExactly(8080);
        web.waitUntil(Wait.forHttp("/none").forStatus(404).withTimeout(PATIENCE));
        try (Container apart =
            sandbox
                .container("apart")
                .namespace(OciNamespace.create(OciNamespace.Type.NETWORK))
                .user("1000:1000")
                .readOnlyRoot()
                .start()) {
          assertThat(apart.listeningPorts()).isEmpty();
        }
      }
    }
    leftovers.assertNone();
  }

  @Test
  void server_thatEnds_failsTheWaitAtOnceWithItsOutput() {
    try (Kata kata = Kata.builder().stateDirectory(directory.resolve("s")).build();
        Sandbox sandbox = kata.sandbox().start()) {
      // The server goes while its port is waited for, by a probe that would go on for hours.
      String fail = "sleep 1; echo cannot bind >&2; exit 7";
      assertThatThrownBy(
              () ->
                  sandbox
                      .container("web")
                      .command("sh", "-c", fail)
                      .waitingFor(
                          Wait.forAny(
                                  Wait.forListeningPort(8080),
                                  Wait.forSuccessfulCommand("sleep 10000"))
                              .withTimeout(Duration.ofHours(1)))
                      .start())
          .isInstanceOfSatisfying(
              ContainerNotReadyException.class,
              e -> {
                assertThat(e.code()).isEqualTo(ErrorCode.CONTAINER_ENDED);
                assertThat(e.outcome()).contains(new ExecOutcome.Exited(7));
                assertThat(e.outputTail()).isEqualTo("cannot bind");
              });
      assertThat(sandbox.containers()).isEmpty();
      assertThatThrownBy(
              () ->
                  sandbox
                      .container("idle")
                      .command("sleep", "10000")
                      .waitingFor(Wait.forListeningPort(8080).withTimeout(Duration.ofSeconds(2)))
                      .start())
          .isInstanceOf(ContainerNotReadyException.class)
          .hasMessageContaining("waiting for port 8080 to have a listener");
      assertThat(sandbox.exec("true").isSuccess()).isTrue();
    }
  }
}
