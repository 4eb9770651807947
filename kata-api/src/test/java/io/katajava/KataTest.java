package io.katajava;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class KataTest {

  @Test
  void fromConfiguration_withoutAReader_namesTheDependency() {
    KataException failure =
        catchThrowableOfType(
            KataException.class, () -> Kata.fromConfiguration(Path.of("/etc/kata.toml")));

    assertThat(failure.code()).isEqualTo(ErrorCode.PROVIDER_MISSING);
    assertThat(failure)
        .hasMessageContaining("/etc/kata.toml")
        .hasMessageContaining("io.katajava:kata-config");
  }
}
