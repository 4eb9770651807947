package io.katajava.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.Healthcheck;
import io.katajava.ProgressListener;
import io.katajava.image.testing.LayerBuilder;
import io.katajava.image.testing.LayoutBuilder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is read of the health checks in image configurations. */
class ImageConfigTest {
  @TempDir Path directory;
  private int images;

  private Optional<Healthcheck> healthcheck(String config) throws Exception {
    Path layout =
        new LayoutBuilder()
            .layer(new LayerBuilder().file("a", "a"))
            .config(config)
            .writeTo(directory.resolve("layout" + images++), "example.org/app:1");
    return ImageStore.builder()
        .directory(directory.resolve("store"))
        .build()
        .importFrom(layout, null, ProgressListener.NONE)
        .get(0)
        .config()
        .healthcheck();
  }

  @Test
  void healthcheck_asDockerWritesIt_isKnown() throws Exception {
    assertThat(
            healthcheck(
                "{\"Healthcheck\":{\"Test\":[\"CMD\",\"/check\",\"-q\"],"
                    + "\"Interval\":1500000000,\"Timeout\":2000000000,"
                    + "\"StartPeriod\":60000000000,\"Retries\":7}}"))
        .contains(
            new Healthcheck(
                List.of("/check", "-q"),
                Duration.ofMillis(1500),
                Duration.ofSeconds(2),
                Duration.ofMinutes(1),
                7));
    assertThat(healthcheck("{\"Healthcheck\":{\"Test\":[\"CMD-SHELL\",\"a | b\"]}}"))
        .contains(Healthcheck.shell("a | b"));
    assertThat(
            healthcheck(
                "{\"Shell\":[\"/bin/bash\",\"-ec\"],"
                    + "\"Healthcheck\":{\"Test\":[\"CMD-SHELL\",\"a\"],\"Interval\":-1}}"))
        .contains(Healthcheck.command("/bin/bash", "-ec", "a"));
    assertThat(healthcheck("{\"Healthcheck\":{\"Test\":[\"NONE\"]}}"))
        .hasValueSatisfying(none -> assertThat(none.isNone()).isTrue());
  }

  @Test
  void healthcheck_thatIsNotUnderstood_isNone() throws Exception {
    for (String json :
        List.of(
            "{}",
            "{\"Healthcheck\":{}}",
            "{\"Healthcheck\":{\"Test\":[\"CMD\"]}}",
            "{\"Healthcheck\":{\"Test\":[\"OTHER\",\"x\"]}}",
            "{\"Healthcheck\":7}")) {
      assertThat(healthcheck(json)).isEmpty();
    }
  }

  @Test
  void healthcheck_thatWouldTakeForever_isBounded() throws Exception {
    assertThat(
            healthcheck(
                "{\"Healthcheck\":{\"Test\":[\"CMD\",\"a\"],\"Interval\":9223372036854775807,"
                    + "\"Retries\":2147483647}}"))
        .hasValueSatisfying(
            check -> {
              assertThat(check.interval()).isEqualTo(Duration.ofDays(7));
              assertThat(check.retries()).isEqualTo(1_000_000);
            });
  }
}
