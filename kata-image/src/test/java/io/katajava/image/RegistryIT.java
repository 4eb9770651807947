package io.katajava.image;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.ProgressListener;
import io.katajava.image.testing.LayerBuilder;
import io.katajava.image.testing.LayoutBuilder;
import io.katajava.image.testing.RealRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pulls from a real registry with TLS by an authority of its own, and with a password. */
class RegistryIT {
  @TempDir static Path directory;
  private static RealRegistry registry;
  private static LayoutBuilder thirty;

  @TempDir Path own;

  @BeforeAll
  static void start() throws Exception {
    registry = RealRegistry.start(directory.resolve("registry"));
    thirty = new LayoutBuilder().config("{\"Cmd\":[\"/bin/sh\"]}");
    byte[] random = new byte[1 << 20];
    Random source = new Random(5);
    for (int i = 0; i < 30; i++) {
      source.nextBytes(random);
      thirty.layer(
          new LayerBuilder()
              .directory("d")
              .file("d/" + i, 0644, 0, 0, random)
              .hardLink("d/link" + i, "d/" + i)
              .whiteout("d/" + (i - 1)));
    }
    registry.push("team/thirty", "1", thirty);
  }

  @AfterAll
  static void stop() throws Exception {
    registry.close();
  }

  private ImageReference name() {
    return ImageReference.parse(registry.host() + "/team/thirty:1");
  }

  private ImageStore store(RegistryOptions.Builder options) {
    return ImageStore.builder()
        .directory(own.resolve("store"))
        .registries(options.dockerConfig(own.resolve("config.json")).build())
        .timeout(Duration.ofMinutes(3))
        .build();
  }

  @Test
  void pull_withAuthorityAndPassword_isWhole() throws Exception {
    ImageStore store =
        store(
            RegistryOptions.builder()
                .certificates(registry.authority())
                .credentials(registry.host(), RealRegistry.USER, RealRegistry.PASSWORD));
    Image image = store.pull(name(), ProgressListener.NONE);
    assertThat(image.layers()).hasSize(30);
    assertThat(image.digest()).isEqualTo(Digest.sha256(thirty.manifest()));
    assertThat(store.prepare(image, Deadline.after(Duration.ofMinutes(3)), ProgressListener.NONE))
        .hasSize(ImageStore.DEFAULT_DISKS);
  }

  @Test
  void pull_withCredentialsOfDocker_isWhole() throws Exception {
    Files.writeString(
        own.resolve("config.json"),
        "{\"auths\":{\"https://"
            + registry.host()
            + "\":{\"auth\":\""
            + Base64.getEncoder()
                .encodeToString((RealRegistry.USER + ":" + RealRegistry.PASSWORD).getBytes(UTF_8))
            + "\"}}}");
    Image image =
        store(RegistryOptions.builder().certificates(registry.authority()))
            .pull(name(), ProgressListener.NONE);
    assertThat(image.layers()).hasSize(30);
  }

  @Test
  void pull_ofAnAuthorityNobodyTrusts_isRefused() {
    assertThatExceptionOfType(KataException.class)
        .isThrownBy(
            () ->
                store(
                        RegistryOptions.builder()
                            .credentials(registry.host(), RealRegistry.USER, RealRegistry.PASSWORD))
                    .pull(name(), ProgressListener.NONE))
        .matches(e -> e.code() == ErrorCode.IMAGE_PULL_FAILED)
        .matches(e -> e.remedy().orElse("").contains("certificates"));
  }

  @Test
  void pull_insecureOnPurpose_isWhole() {
    Image image =
        store(
                RegistryOptions.builder()
                    .insecure(registry.host())
                    .credentials(registry.host(), RealRegistry.USER, RealRegistry.PASSWORD))
            .pull(name(), ProgressListener.NONE);
    assertThat(image.layers()).hasSize(30);
  }

  @Test
  void pull_withWrongPassword_saysSo() {
    assertThatExceptionOfType(KataException.class)
        .isThrownBy(
            () ->
                store(
                        RegistryOptions.builder()
                            .certificates(registry.authority())
                            .credentials(registry.host(), RealRegistry.USER, "wrong"))
                    .pull(name(), ProgressListener.NONE))
        .withMessageContaining("authentication is required")
        .matches(e -> e.remedy().orElse("").contains("docker login"))
        .matches(e -> !String.valueOf(e.getMessage()).contains("wrong\""));
  }
}
