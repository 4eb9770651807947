package io.katajava.junit.testcontainers;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.katajava.Kata;
import io.katajava.wait.ContainerNotReadyException;
import io.katajava.wait.Wait;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.containers.BindMode;
import org.testcontainers.containers.ExecConfig;
import org.testcontainers.containers.output.OutputFrame;
import org.testcontainers.containers.output.OutputFrame.OutputType;
import org.testcontainers.containers.output.ToStringConsumer;
import org.testcontainers.containers.output.WaitingConsumer;
import org.testcontainers.utility.MountableFile;

/** What Testcontainers' users write every day, said to containers without Docker. */
class VocabularyIT {
  @TempDir static Path directory;
  private static Kata kata;
  private static HttpServer host;

  @BeforeAll
  static void open() throws Exception {
    kata = Kata.builder().stateDirectory(directory.resolve("s")).build();
    host = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    host.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          exchange.getResponseBody().write("the host".getBytes(UTF_8));
          exchange.close();
        });
    host.start();
  }

  @AfterAll
  static void close() {
    host.stop(0);
    assertThat(kata.sandboxes()).as("sandboxes of stopped containers").isEmpty();
    kata.close();
  }

  private static String shell(KataContainer container, String script) throws Exception {
    ContainerExecResult result = container.execInContainer("sh", "-c", script);
    assertThat(result.getExitCode()).as(result.toString()).isZero();
    return result.getStdout();
  }

  @Test
  void filesAndRights_ofTheHost_areTheContainers() throws Exception {
    Path given = Files.createDirectory(directory.resolve("given"));
    Files.writeString(given.resolve("in"), "of the host");
    Path read = Files.createDirectory(directory.resolve("read"));
    Path single = Files.writeString(directory.resolve("single"), "one file");
    try (KataContainer container =
        new KataContainer()
            .withKata(kata)
            .withEnv("GREETING", "hello")
            .withEnv("GREETING", before -> before.orElse("") + " there")
            .withFileSystemBind(given.toString(), "/given")
            .withFileSystemBind(read.toString(), "/read", BindMode.READ_ONLY)
            .withFileSystemBind(single.toString(), "/etc/single", BindMode.READ_ONLY)
            .withClasspathResourceMapping("web/page.txt", "/page.txt", BindMode.READ_ONLY)
            .withCopyFileToContainer(MountableFile.forHostPath(single, 0751), "/bin/single")
            .withSharedMemorySize(8L << 20)
            .withTmpFs(Map.of("/scratch", "rw"))
            .withPrivilegedMode(true)
            .withAccessToHost(host.getAddress().getPort())) {
      container.start();
      assertThat(container.getEnvMap()).containsEntry("GREETING", "hello there");
      assertThat(shell(container, "cat /given/in /etc/single; echo out >/given/out"))
          .isEqualTo("of the hostone file");
      assertThat(container.execInContainer("touch", "/read/x").getExitCode()).isNotZero();
      assertThat(shell(container, "cat /page.txt")).isEqualTo("from the class path\n");
      assertThat(shell(container, "stat -c %a /bin/single")).isEqualTo("751\n");
      assertThat(shell(container, "df /dev/shm")).contains(" 8192 ");
      assertThat(shell(container, "grep CapEff /proc/self/status; mount -t tmpfs x /mnt"))
          .doesNotContain("CapEff:\t00000000");
      String there = "http://host.testcontainers.internal:" + host.getAddress().getPort();
      assertThat(shell(container, "wget -qO- " + there)).isEqualTo("the host");
    }
    assertThat(given.resolve("out")).hasContent("out");
  }

  @Test
  void executions_haveUserVariablesAndCharset() throws Exception {
    try (KataContainer container = new KataContainer().withKata(kata)) {
      container.start();
      assertThat(container.execInContainerWithUser("12:34", "id", "-u").getStdout())
          .isEqualTo("12\n");
      assertThat(
              container
                  .execInContainer(
                      ExecConfig.builder()
                          .command(new String[] {"sh", "-c", "pwd; echo $COLOUR"})
                          .workDir("/etc")
                          .envVars(Map.of("COLOUR", "red"))
                          .build())
                  .getStdout())
          .isEqualTo("/etc\nred\n");
      assertThat(
              container
                  .execInContainer(StandardCharsets.ISO_8859_1, "printf", "\\351t\\351")
                  .getStdout())
          .isEqualTo("\u00e9t\u00e9");
      assertThat(shell(container, "echo content >/file")).isEmpty();
      String read =
          container.copyFileFromContainer(
              "/file", (InputStream content) -> new String(content.readAllBytes(), UTF_8));
      assertThat(read).isEqualTo("content\n");
    }
  }

  @Test
  void output_endsWithTheFrameForIt_whenTheProcessEnds() throws Exception {
    WaitingConsumer waiting = new WaitingConsumer();
    ToStringConsumer text = new ToStringConsumer();
    try (KataContainer job =
        new KataContainer()
            .withKata(kata)
            .withCommand("sh", "-c", "echo one; echo two >&2; printf three")
            .withLogConsumer(waiting.andThen(text))) {
      job.start();
      waiting.waitUntilEnd(60, TimeUnit.SECONDS);
      assertThat(text.toUtf8String().lines()).containsExactlyInAnyOrder("one", "two", "three");

      BlockingQueue<OutputFrame> late = new LinkedBlockingQueue<>();
      job.followOutput(late::add, OutputType.STDERR);
      assertThat(late.poll(60, TimeUnit.SECONDS).getUtf8String()).isEqualTo("two\n");
      assertThat(late.poll(60, TimeUnit.SECONDS)).isSameAs(OutputFrame.END);
      job.container().mainProcess().waitFor();
      assertThat(job.isRunning()).isFalse();
    }
  }

  @Test
  void output_endsWithTheFrameForIt_whenTheContainerIsStopped() throws Exception {
    BlockingQueue<OutputFrame> frames = new LinkedBlockingQueue<>();
    KataContainer server =
        new KataContainer()
            .withKata(kata)
            .withCommand("sh", "-c", "echo ready; sleep 1000")
            .waitingFor(Wait.forLogMessage("ready"));
    server.start();
    server.followOutput(frames::add);
    assertThat(frames.poll(60, TimeUnit.SECONDS).getUtf8String()).isEqualTo("ready\n");
    server.stop();
    server.stop();
    assertThat(frames.poll(60, TimeUnit.SECONDS)).isSameAs(OutputFrame.END);
    assertThat(frames).isEmpty();
  }

  @Test
  void start_thatFails_isTriedAsOftenAsWasSaid() {
    AtomicInteger tries = new AtomicInteger();
    KataContainer flaky =
        new KataContainer()
            .withKata(kata)
            .withContainer(builder -> tries.incrementAndGet())
            .withCommand("sh", "-c", "exit 3")
            .withStartupAttempts(2)
            .withStartupTimeout(Duration.ofMinutes(2))
            .waitingFor(Wait.forLogMessage("never"));
    assertThatThrownBy(flaky::start)
        .isInstanceOf(ContainerNotReadyException.class)
        .hasMessageContaining("exited with 3");
    assertThat(tries).hasValue(2);
    assertThat(flaky.isRunning()).isFalse();
    assertThatThrownBy(() -> flaky.withStartupAttempts(0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void dependencies_startFirst() {
    KataContainer first = new KataContainer().withKata(kata);
    try (KataContainer second = new KataContainer().withKata(kata).dependsOn(List.of(first))) {
      second.start();
      assertThat(first.isRunning()).isTrue();
      assertThat(second.getDependencies()).containsExactly(first);
    } finally {
      first.stop();
    }
  }
}
