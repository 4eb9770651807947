package io.katajava.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.katajava.Container;
import io.katajava.ContainerBuilder;
import io.katajava.ErrorCode;
import io.katajava.Healthcheck;
import io.katajava.Kata;
import io.katajava.MemorySize;
import io.katajava.Network;
import io.katajava.ProgressListener;
import io.katajava.Sandbox;
import io.katajava.Volume;
import io.katajava.image.ImageRootfsProvider;
import io.katajava.image.ImageStore;
import io.katajava.image.testing.LayerBuilder;
import io.katajava.image.testing.LayoutBuilder;
import io.katajava.wait.ContainerNotReadyException;
import io.katajava.wait.Wait;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ports, volumes and health check of an image made of the host's static busybox. */
class ImageConfigIT {
  private static final String WEB = "example.org/web:1";

  /** Long enough for any machine. */
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  @TempDir static Path directory;
  private static Leftovers leftovers;
  private static Kata kata;
  private static Sandbox sandbox;

  private static LayerBuilder files() throws Exception {
    return new LayerBuilder()
        .busybox("sh", "cat", "ls", "stat", "httpd", "wget", "sleep", "touch")
        .directory("srv")
        .file("srv/index.html", "of the image\n")
        .entry("srv/data/", '5', 0750, 1234, 500, "", new byte[0])
        .file("srv/data/seed", 0640, 1234, 500, "seed\n".getBytes(StandardCharsets.UTF_8))
        .directory("etc")
        .symlink("srv/leads-away", "/etc");
  }

  @BeforeAll
  static void start() throws Exception {
    // QEMU runs as another user, to whom the directory is open.
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    ImageStore store = ImageStore.builder().directory(directory.resolve("images")).build();
    Path layout =
        new LayoutBuilder()
            .layer(files())
            .config(
                "{\"Cmd\":[\"httpd\",\"-f\",\"-p\",\"8080\",\"-h\",\"/srv\"],"
                    + "\"Env\":[\"PATH=/bin\"],"
                    + "\"ExposedPorts\":{\"8080/tcp\":{},\"53/udp\":{}},"
                    + "\"Volumes\":{\"/srv/data\":{},\"/new/one/\":{},\"/srv/leads-away/in\":{},"
                    + "\"/proc/x\":{}},"
                    + "\"Healthcheck\":{\"Test\":[\"CMD-SHELL\",\"wget -qO- 127.0.0.1:8080\"],"
                    + "\"Timeout\":60000000000,\"StartPeriod\":180000000000}}")
            .writeTo(directory.resolve("web"), WEB);
    store.importFrom(layout, null, ProgressListener.NONE);
    Path state = directory.resolve("s");
    leftovers = new Leftovers(state);
    kata = Kata.builder().stateDirectory(state).rootfs(new ImageRootfsProvider(store)).build();
    sandbox = kata.sandbox().network(Network.user(n -> n.publishExposed())).start();
  }

  @AfterAll
  static void closeLeavesNothing() {
    kata.close();
    leftovers.assertNone();
  }

  private static ContainerBuilder web(String name) {
    return sandbox.container(name).image(WEB);
  }

  private static String shell(Container container, String script) {
    return container.exec("sh", "-c", script).orThrow().stdoutText().strip();
  }

  @Test
  void exposedPort_ofHealthyContainer_isReachedFromTheHost() throws Exception {
    assertThatIllegalArgumentException().isThrownBy(() -> sandbox.mappedPort(22));
    try (Container web = web("web").waitingFor(Wait.forHealthcheck()).start()) {
      HttpRequest request =
          HttpRequest.newBuilder(
                  URI.create("http://127.0.0.1:" + sandbox.mappedPort(8080) + "/index.html"))
              .timeout(PATIENCE)
              .build();
      assertThat(HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body())
          .isEqualTo("of the image\n");
      assertThat(sandbox.network().published())
          .extracting(Network.Mapping::toString)
          .allMatch(text -> text.startsWith("127.0.0.1:"))
          .hasSize(2);
      assertThat(web.healthcheck().orElseThrow().timeout()).isEqualTo(Duration.ofMinutes(1));
    }
  }

  @Test
  void volumes_underReadOnlyRoot_areWritableAndSeededAndItsOwn() {
    try (Container one = web("one").command("sleep", "10000").readOnlyRoot().create()) {
      one.start();
      assertThat(one.exec("touch", "/srv/no").isSuccess()).isFalse();
      assertThat(shell(one, "cat /srv/data/seed; stat -c '%a %u:%g' /srv/data"))
          .isEqualTo("seed\n750 1234:500");
      shell(one, "echo more >>/srv/data/seed; touch /new/one/file");
      try (Container other = web("other").command("sleep", "10000").readOnlyRoot().start()) {
        assertThat(shell(other, "cat /srv/data/seed; ls /new/one")).isEqualTo("seed");
      }
      one.restart(Duration.ZERO);
      assertThat(shell(one, "cat /srv/data/seed; ls /new/one")).isEqualTo("seed\nmore\nfile");
    }
  }

  @Test
  void volume_behindALinkOfTheImage_isTheImagesDirectory() {
    try (Container linked = web("linked").command("sleep", "10000").readOnlyRoot().start()) {
      assertThat(shell(linked, "touch /etc/in/made; ls /srv/leads-away/in")).isEqualTo("made");
    }
  }

  @Test
  void volume_thatTheContainerMounts_isThat() {
    try (Container own =
        web("own")
            .command("sleep", "10000")
            .volume("/srv/data", Volume.tmpfs(MemorySize.mebibytes(1)))
            .tmpfs("/new", MemorySize.mebibytes(1))
            .start()) {
      assertThat(shell(own, "ls /srv/data /new")).isEqualTo("/new:\n\n/srv/data:");
    }
  }

  @Test
  void healthcheck_thatFailsTooOften_isUnhealthyWithTheOutput() {
    assertThatExceptionOfType(ContainerNotReadyException.class)
        .isThrownBy(
            () ->
                web("sick")
                    .command("sh", "-c", "echo at work; exec sleep 10000")
                    .healthcheck(
                        Healthcheck.shell("echo no database >&2; exit 1")
                            .withInterval(Duration.ofMillis(500))
                            .withRetries(2))
                    .waitingFor(Wait.forHealthcheck())
                    .start())
        .matches(e -> e.code() == ErrorCode.CONTAINER_UNHEALTHY)
        .withMessageContaining("no database")
        .withMessageContaining("at work");
  }
}
