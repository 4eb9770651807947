package io.katajava.junit.testcontainers;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.MemorySize;
import org.junit.jupiter.api.Test;

class TmpfsOptionsTest {
  @Test
  void size_isReadAsDockerTakesIt() {
    assertThat(TmpfsOptions.size("rw,size=8m,noexec")).isEqualTo(MemorySize.mebibytes(8));
    assertThat(TmpfsOptions.size("size=65536k")).isEqualTo(MemorySize.mebibytes(64));
    assertThat(TmpfsOptions.size("size=1G")).isEqualTo(MemorySize.gibibytes(1));
    assertThat(TmpfsOptions.size("size=4096")).isEqualTo(MemorySize.bytes(4096));
    assertThat(TmpfsOptions.size("rw")).isEqualTo(MemorySize.mebibytes(64));
  }
}
