package io.katajava.internal.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageManifestTest {
  private static final String FORMAT = "kata-java test 1";

  @TempDir Path directory;

  @Test
  void written_isReadAsItWas() throws IOException {
    new ImageManifest(FORMAT, Map.of("memory.size", "7", "odd", "a\\b\nc"), List.of("end x", "y"))
        .write(directory);

    ImageManifest read = ImageManifest.read(directory, FORMAT);
    assertThat(read.number("memory.size")).isEqualTo(7);
    assertThat(read.require("odd")).isEqualTo("a\\b\nc");
    assertThat(read.traits()).containsExactly("end x", "y");
  }

  @Test
  void changedOrCut_isRefused() throws IOException {
    new ImageManifest(FORMAT, Map.of("size", "7"), List.of()).write(directory);
    Path file = directory.resolve(ImageManifest.FILE);
    String whole = Files.readString(file);

    Files.writeString(file, whole.replace("size 7", "size 8"));
    assertThatThrownBy(() -> ImageManifest.read(directory, FORMAT))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("is damaged");
    Files.writeString(file, whole.substring(0, whole.indexOf("end ")));
    assertThatThrownBy(() -> ImageManifest.read(directory, FORMAT)).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> ImageManifest.read(directory, "another 1"))
        .isInstanceOf(IOException.class);
  }
}
