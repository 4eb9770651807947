package io.katajava.junit.testcontainers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.katajava.ErrorCode;
import io.katajava.Kata;
import io.katajava.KataException;
import io.katajava.ProgressListener;
import io.katajava.image.ImageRootfsProvider;
import io.katajava.image.ImageStore;
import io.katajava.image.RegistryOptions;
import io.katajava.image.testing.LayerBuilder;
import io.katajava.image.testing.LayoutBuilder;
import io.katajava.image.testing.RealRegistry;
import io.katajava.wait.Wait;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.utility.DockerImageName;

/** Containers named as Testcontainers names them, of images from a layout and from a registry. */
class ImagesIT {
  @TempDir static Path directory;
  private static RealRegistry registry;
  private static Kata kata;

  /** The host's static busybox, which says where it is from and serves its root. */
  private static LayoutBuilder image(String origin) throws Exception {
    return new LayoutBuilder()
        .layer(new LayerBuilder().busybox("sh", "httpd", "cat"))
        .layer(new LayerBuilder().directory("www").file("www/origin", origin))
        .config(
            "{\"Entrypoint\":[\"/bin/sh\",\"-c\"],"
                + "\"Cmd\":[\"echo serving; exec httpd -f -p 8080 -h /www\"],"
                + "\"Env\":[\"PATH=/bin\",\"FROM=the image\"],\"WorkingDir\":\"/www\"}");
  }

  @BeforeAll
  static void open() throws Exception {
    // QEMU runs as another user, to whom the directory is open.
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    registry = RealRegistry.start(directory.resolve("registry"));
    registry.push("team/app", "1", image("registry"));
    ImageStore store =
        ImageStore.builder()
            .directory(directory.resolve("images"))
            .registries(
                RegistryOptions.builder()
                    .certificates(registry.authority())
                    .credentials(registry.host(), RealRegistry.USER, RealRegistry.PASSWORD)
                    .build())
            .build();
    store.importFrom(
        image("layout").writeTo(directory.resolve("layout"), "docker.io/library/app:2"),
        null,
        ProgressListener.NONE);
    kata =
        Kata.builder()
            .stateDirectory(directory.resolve("s"))
            .rootfs(new ImageRootfsProvider(store))
            .build();
  }

  @AfterAll
  static void close() throws Exception {
    assertThat(kata.sandboxes()).as("sandboxes of stopped containers").isEmpty();
    kata.close();
    registry.close();
  }

  private static KataContainer serving(KataContainer container) {
    return container
        .withKata(kata)
        .withExposedPorts(8080)
        .waitingFor(
            Wait.forAll(Wait.forLogMessage("serving"), Wait.forHttp("/origin").forPort(8080)));
  }

  @Test
  void image_ofALayout_isFoundByItsShortName() throws Exception {
    try (KataContainer app = serving(new KataContainer("app:2"))) {
      app.start();
      assertThat(app.execInContainer("cat", "origin").getStdout()).isEqualTo("layout");
      assertThat(app.getLogs()).isEqualTo("serving\n");
    }
  }

  @Test
  void image_ofARegistry_isPulled_andItsSettingsHold() throws Exception {
    DockerImageName name = DockerImageName.parse(registry.host() + "/team/app").withTag("1");
    try (KataContainer app =
        serving(new KataContainer(name))
            .withEnv("FROM", "the test")
            .withCommand(new String[] {"echo from $FROM serving; exec httpd -f -p 8080"})) {
      app.start();
      assertThat(app.getDockerImageName()).isEqualTo(registry.host() + "/team/app:1");
      assertThat(app.execInContainer("cat", "/www/origin").getStdout()).isEqualTo("registry");
      assertThat(app.getLogs()).isEqualTo("from the test serving\n");
    }
  }

  @Test
  void image_thatIsNowhere_saysWhereItWasLookedFor() {
    KataContainer none = new KataContainer(registry.host() + "/team/none:1").withKata(kata);
    assertThatExceptionOfType(KataException.class)
        .isThrownBy(none::start)
        .withMessageContaining("team/none")
        .matches(e -> e.code() == ErrorCode.IMAGE_NOT_FOUND, "its code");
  }
}
