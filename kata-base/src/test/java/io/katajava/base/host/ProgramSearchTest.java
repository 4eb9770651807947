package io.katajava.base.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProgramSearchTest {
  @TempDir Path root;

  private Path file(String name, String mode) throws IOException {
    Path file = root.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, "");
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
  }

  @Test
  void find_takesTheFirstExecutableFile() throws IOException {
    Files.createDirectories(root.resolve("a/tool"));
    file("b/tool", "rw-r--r--");
    Path third = file("c/tool", "rwxr-xr-x");
    file("d/tool", "rwxr-xr-x");

    ProgramSearch search = ProgramSearch.onPath("/a:/b").then(List.of("/c", "/d")).below(root);
    assertThat(search.find("tool")).contains(third);
    assertThat(search.find("other")).isEmpty();
  }

  @Test
  void find_onRelativeDirectories_findsNothing() {
    assertThat(ProgramSearch.onPath("bin:.::../bin").find("sh")).isEmpty();
    assertThat(ProgramSearch.onPath("bin:/bin").find("sh")).contains(Path.of("/bin/sh"));
  }
}
