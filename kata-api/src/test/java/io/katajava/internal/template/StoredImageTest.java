package io.katajava.internal.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoredImageTest {
  private static final String FORMAT = "test 1";

  @TempDir Path directory;

  private StoredImage sealed() throws IOException {
    Files.write(directory.resolve(StoredImage.STATE), new byte[] {1, 2, 3});
    StoredImage.seal(directory, FORMAT, Map.of(), Map.of(), List.of("a"));
    return StoredImage.open(directory, FORMAT);
  }

  /** A directory in its place can be replaced by no file, not by root's either. */
  private void makeNoteUnwritable() throws IOException {
    Files.delete(directory.resolve("verified"));
    Files.createDirectories(directory.resolve("verified/occupied"));
  }

  @Test
  void verify_resultCannotBeNoted_isVerifiedAllTheSame() throws IOException {
    StoredImage image = sealed();
    makeNoteUnwritable();

    image.verify();

    try (Stream<Path> files = Files.list(directory)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .as("no draft stays")
          .noneMatch(name -> name.endsWith(".new"));
    }
  }

  @Test
  void verify_otherContent_isRefusedWhetherItCanBeNotedOrNot() throws IOException {
    StoredImage image = sealed();
    Files.write(directory.resolve(StoredImage.STATE), new byte[] {1, 2, 4});

    assertThatThrownBy(image::verify).hasMessageContaining("damaged");
    makeNoteUnwritable();
    assertThatThrownBy(image::verify).hasMessageContaining("damaged");
  }
}
