package io.katajava.junit.testcontainers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import io.katajava.Kata;
import io.katajava.wait.ContainerNotReadyException;
import io.katajava.wait.Wait;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.testcontainers.containers.output.OutputFrame;
import org.testcontainers.containers.output.OutputFrame.OutputType;
import org.testcontainers.images.builder.Transferable;
import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;
import org.testcontainers.utility.MountableFile;

/**
 * Test classes written for Testcontainers, with its own extension and no Docker, through the JUnit
 * engine.
 */
class KataContainerIT {
  private static final List<String> NOTES = new CopyOnWriteArrayList<>();

  @TempDir static Path directory;
  private static Kata kata;

  @BeforeAll
  static void open() {
    kata = Kata.builder().stateDirectory(directory.resolve("s")).build();
  }

  @AfterAll
  static void close() {
    assertThat(kata.sandboxes()).as("sandboxes of stopped containers").isEmpty();
    kata.close();
  }

  private static EngineExecutionResults run(Class<?> testClass) {
    NOTES.clear();
    return EngineTestKit.engine("junit-jupiter").selectors(selectClass(testClass)).execute();
  }

  private static List<Throwable> failures(EngineExecutionResults results) {
    return results.allEvents().failed().stream()
        .map(
            event ->
                event.getRequiredPayload(TestExecutionResult.class).getThrowable().orElseThrow())
        .toList();
  }

  private static String get(KataContainer container, int port, String path) throws Exception {
    URI uri =
        URI.create("http://" + container.getHost() + ":" + container.getMappedPort(port) + path);
    return HttpClient.newHttpClient()
        .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
        .body();
  }

  @Testcontainers
  static class Server {
    private static final BlockingQueue<OutputFrame> FRAMES = new LinkedBlockingQueue<>();

    @Container
    static final KataContainer SHARED =
        new KataContainer("busybox")
            .withKata(kata)
            .withCommand("sh", "-c", "echo $GREETING; echo warn >&2; exec httpd -f -p 8080 -h /www")
            .withEnv("GREETING", "hello")
            .withEnv(Map.of("OTHER", "value"))
            .withExposedPorts(8080)
            .withCopyToContainer(Transferable.of("from memory"), "/www/index.txt")
            .withCopyFileToContainer(
                MountableFile.forClasspathResource("web/page.txt"), "/www/page.txt")
            .withTmpFs(Map.of("/scratch", "rw,size=8m"))
            .withWorkingDirectory("/www")
            .withExtraHost("db.example", "192.0.2.7")
            .withLogConsumer(FRAMES::add)
            .waitingFor(Wait.forHttp("/index.txt").forPort(8080))
            .withStartupTimeout(Duration.ofMinutes(3));

    @Container private final KataContainer own = new KataContainer().withKata(kata);

    @Test
    void serves() throws Exception {
      assertThat(SHARED.isRunning()).isTrue();
      assertThat(get(SHARED, 8080, "/index.txt")).isEqualTo("from memory");
      assertThat(get(SHARED, 8080, "/page.txt")).isEqualTo("from the class path\n");
      assertThat(SHARED.getFirstMappedPort()).isEqualTo(SHARED.getMappedPort(8080));
      assertThat(SHARED.getExposedPorts()).containsExactly(8080);
      assertThatThrownBy(() -> SHARED.getMappedPort(81))
          .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void logs() throws Exception {
      assertThat(SHARED.getLogs().lines()).contains("hello", "warn");
      assertThat(SHARED.getLogs(OutputType.STDERR)).isEqualTo("warn\n");
      List<String> frames =
          List.of(
              take(FRAMES).getUtf8StringWithoutLineEnding(),
              take(FRAMES).getUtf8StringWithoutLineEnding());
      assertThat(frames).containsExactlyInAnyOrder("hello", "warn");
      BlockingQueue<OutputFrame> errors = new LinkedBlockingQueue<>();
      SHARED.followOutput(errors::add, OutputType.STDERR);
      assertThat(take(errors).getUtf8String()).isEqualTo("warn\n");
    }

    private static OutputFrame take(BlockingQueue<OutputFrame> frames) throws Exception {
      OutputFrame frame = frames.poll(60, TimeUnit.SECONDS);
      if (frame == null) {
        throw new AssertionError("no frame came");
      }
      return frame;
    }

    @Test
    void executes_andCopies() throws Exception {
      ContainerExecResult result =
          own.execInContainer("sh", "-c", "echo out; echo err >&2; exit 3");
      assertThat(result.getExitCode()).isEqualTo(3);
      assertThat(result.getStdout()).isEqualTo("out\n");
      assertThat(result.getStderr()).isEqualTo("err\n");
      assertThat(own.execInContainer("no-such-program").getExitCode()).isEqualTo(127);
      assertThat(SHARED.execInContainer("grep", "db.example", "/etc/hosts").getStdout())
          .startsWith("192.0.2.7");
      assertThat(SHARED.execInContainer("df", "/scratch").getStdout()).contains("8192");
      own.copyFileToContainer(Transferable.of("abc", 0600), "/data/file");
      assertThat(own.execInContainer("stat", "-c", "%a", "/data/file").getStdout())
          .isEqualTo("600\n");
      Path target = Files.createTempDirectory(directory, "out").resolve("file");
      own.copyFileFromContainer("/data/file", target.toString());
      assertThat(target).hasContent("abc");
      NOTES.add(own.container().sandbox().id());
    }
  }

  @Test
  void containers_ofATestcontainersTest_runWithoutDocker() {
    EngineExecutionResults results = run(Server.class);
    assertThat(failures(results)).isEmpty();
    results.testEvents().assertStatistics(all -> all.succeeded(3).failed(0));
  }

  @Testcontainers
  static class Failing {
    @Container
    private final KataContainer job =
        new KataContainer()
            .withKata(kata)
            .withCommand("sh", "-c", "echo the disk is full; sleep 1000")
            .waitingFor(Wait.forLogMessage("full"));

    @Test
    void fails() {
      assertThat(job.isRunning()).isTrue();
      throw new IllegalStateException("this test fails");
    }
  }

  @Test
  void failure_ofATest_tellsWhatTheSandboxSays() {
    assertThat(failures(run(Failing.class)))
        .singleElement()
        .satisfies(
            failure ->
                assertThat(failure.getSuppressed()[0].toString())
                    .contains("kata.timeline", "the disk is full"));
  }

  @Testcontainers
  static class NotReady {
    @Container
    static final KataContainer SERVER =
        new KataContainer()
            .withKata(kata)
            .withCommand("sh", "-c", "echo cannot bind >&2; exit 7")
            .withExposedPorts(8080);

    @Test
    void never() {
      throw new AssertionError("it is not ready");
    }
  }

  @Test
  void container_thatEnds_failsTheClassAtOnce() {
    assertThat(failures(run(NotReady.class)))
        .singleElement()
        .satisfies(
            failure ->
                assertThat(failure)
                    .hasStackTraceContaining(ContainerNotReadyException.class.getName())
                    .hasStackTraceContaining("exited with 7 while waiting for port 8080")
                    .hasStackTraceContaining("cannot bind"));
  }

  @Test
  void network_isOneSandbox_withAliases() throws Exception {
    try (KataNetwork network = KataNetwork.newNetwork().withKata(kata);
        KataContainer db =
            new KataContainer()
                .withNetwork(network)
                .withNetworkAliases("db", "db.example")
                .withCommand("sh", "-c", "mkdir /d; echo rows >/d/t; exec httpd -f -p 5432 -h /d")
                .waitingFor(Wait.forListeningPort(5432));
        KataContainer web =
            new KataContainer()
                .withNetwork(network)
                .withNetworkAliases("web")
                .dependsOn(db)
                .withExposedPorts(8080)
                .withCommand("httpd -f -p 8080 -h /etc")) {
      web.start();
      assertThat(db.isRunning()).isTrue();
      assertThat(web.container().sandbox()).isSameAs(db.container().sandbox());
      assertThat(web.execInContainer("wget", "-qO-", "http://db.example:5432/t").getStdout())
          .isEqualTo("rows\n");
      assertThat(get(web, 8080, "/hostname")).isNotEmpty();

      try (KataContainer late =
          new KataContainer()
              .withNetwork(network)
              .withExposedPorts(9090)
              .withCommand("httpd -f -p 9090 -h /etc")) {
        late.start();
        assertThat(get(late, 9090, "/hostname")).isNotEmpty();
      }
      KataContainer unknown = new KataContainer().withNetwork(network).withNetworkAliases("cache");
      assertThatThrownBy(unknown::start)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("[cache]");
      db.stop();
      assertThat(kata.sandboxes()).hasSize(1);
      assertThat(db.isRunning()).isFalse();
      assertThatThrownBy(db::getLogs).isInstanceOf(IllegalStateException.class);
    }
    assertThat(kata.sandboxes()).isEmpty();
  }
}
