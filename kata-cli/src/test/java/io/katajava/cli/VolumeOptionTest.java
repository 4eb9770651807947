package io.katajava.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.MemorySize;
import io.katajava.Volume;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VolumeOptionTest {
  @TempDir Path directory;

  @Test
  void path_isADirectory_readOnlyUnlessAskedFor() throws Exception {
    Path colons = Files.createDirectories(directory.resolve("a:b"));
    assertThat(VolumeOption.parse(directory + ":/in"))
        .isEqualTo(new VolumeOption("/in", Volume.hostDirectory(directory)));
    assertThat(VolumeOption.parse(colons + ":/in:rw"))
        .isEqualTo(new VolumeOption("/in", Volume.hostDirectory(colons).writable()));
    assertThat(VolumeOption.parse(".:/in:ro").volume()).isInstanceOf(Volume.HostDirectory.class);
  }

  @Test
  void name_isADisk_writableUnlessAskedFor() {
    assertThat(VolumeOption.parse("db:/data").volume()).isEqualTo(Volume.disk("db"));
    assertThat(VolumeOption.parse("db:/data:size=64M:ro").volume())
        .isEqualTo(Volume.disk("db", MemorySize.mebibytes(64)).readOnly());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "x",
        "/a",
        ":/a",
        "db:a",
        "db:/",
        "db:/data:rw:what",
        "db:/data:size=1M",
        "/none/at/all:/a",
        "/tmp:/a:size=3G",
        "a b:/x"
      })
  void anythingElse_isAnError(String text) {
    assertThatThrownBy(() -> VolumeOption.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }
}
