package io.katajava.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.Kata;
import io.katajava.TemplateSettings;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class OrchestratorIT {
  private static final Duration LIMIT = Duration.ofMinutes(2);

  private static Path directory;

  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static Kata kata;
  private static Orchestrator orchestrator;

  @BeforeAll
  static void start() throws Exception {
    // Its templates are read by QEMU's unprivileged user.
    directory = Files.createTempDirectory("ko");
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
    kata =
        Kata.builder()
            .stateDirectory(directory.resolve("s"))
            .templates(TemplateSettings.defaults().in(directory.resolve("t")))
            .build();
    orchestrator = new Orchestrator(kata, 0, LIMIT);
  }

  @AfterAll
  static void stop() throws Exception {
    orchestrator.close();
    kata.close();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  private HttpRequest.Builder to(String path) {
    return HttpRequest.newBuilder(
        URI.create("http://localhost:" + orchestrator.port() + "/" + path));
  }

  private CompletableFuture<HttpResponse<String>> run(String script) {
    return CLIENT.sendAsync(
        to("run").POST(HttpRequest.BodyPublishers.ofString(script)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void scripts_atOnce_eachHasAMachineNobodyUsedBefore() {
    List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      answers.add(run("ls /tmp; touch /tmp/was-here; echo script " + i));
    }
    for (int i = 0; i < 4; i++) {
      HttpResponse<String> answer = answers.get(i).join();
      assertThat(answer.body()).isEqualTo("script " + i + "\n");
      assertThat(answer.statusCode()).isEqualTo(200);
    }
  }

  @Test
  void script_failing_isTheCallersFault() {
    HttpResponse<String> answer = run("echo no >&2; exit 3").join();
    assertThat(answer.statusCode()).isEqualTo(422);
    assertThat(answer.headers().firstValue("Outcome")).hasValueSatisfying(this::isExitThree);
    assertThat(answer.body()).isEqualTo("no\n");
  }

  private void isExitThree(String outcome) {
    assertThat(outcome).contains("3");
  }

  @Test
  void requests_ofAnotherKind_areAnswered() throws Exception {
    HttpResponse<String> pool =
        CLIENT.send(to("pool").build(), HttpResponse.BodyHandlers.ofString());
    assertThat(pool.body()).startsWith("PoolStatistics[");
    assertThat(CLIENT.send(to("run").build(), HttpResponse.BodyHandlers.ofString()).statusCode())
        .isEqualTo(405);
  }
}
