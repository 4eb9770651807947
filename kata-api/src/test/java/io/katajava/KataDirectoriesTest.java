package io.katajava;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.spi.TrustedDirectory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KataDirectoriesTest {

  @Test
  void of_userWithXdg_followsIt(@TempDir Path runtime) {
    KataDirectories directories =
        KataDirectories.of(
            Map.of("XDG_RUNTIME_DIR", runtime.toString(), "XDG_CACHE_HOME", "/caches"),
            "ann",
            "/home/ann");

    assertThat(directories.state()).isEqualTo(runtime.resolve("kata-java"));
    assertThat(directories.cache()).isEqualTo(Path.of("/caches/kata-java"));
  }

  @Test
  void of_userWithoutXdg_fallsBack() {
    KataDirectories directories = KataDirectories.of(Map.of(), "ann", "/home/ann");

    assertThat(directories.state()).isEqualTo(Path.of("/tmp/kata-java-ann"));
    assertThat(directories.cache()).isEqualTo(Path.of("/home/ann/.cache/kata-java"));
  }

  @Test
  void of_userWithoutAHome_keepsNothingWhereTheProgramWasStarted() {
    for (String home : new String[] {null, "?", ""}) {
      KataDirectories directories = KataDirectories.of(Map.of(), "ann", home);

      assertThat(directories.cache()).isEqualTo(Path.of("/tmp/kata-java-cache-ann"));
      assertThat(directories.data()).isEqualTo(Path.of("/tmp/kata-java-data-ann"));
    }
  }

  @Test
  void of_root_isReachableForAnUnprivilegedHypervisor() {
    KataDirectories directories =
        KataDirectories.of(Map.of("XDG_RUNTIME_DIR", "/run/user/0"), "root", "/root");

    assertThat(directories.state()).isEqualTo(Path.of("/run/kata-java"));
    assertThat(directories.cache()).isEqualTo(Path.of("/var/cache/kata-java"));
  }

  @Test
  void of_relativeXdg_isIgnored() {
    KataDirectories directories =
        KataDirectories.of(
            Map.of("XDG_RUNTIME_DIR", "run", "XDG_CACHE_HOME", "cache"), "ann", "/home/ann");

    assertThat(directories.state()).isEqualTo(Path.of("/tmp/kata-java-ann"));
    assertThat(directories.cache()).isEqualTo(Path.of("/home/ann/.cache/kata-java"));
  }

  @Test
  void temporary_madeByANeighbourFirst_isAnotherOneThatIsFoundAgain(@TempDir Path above)
      throws Exception {
    Path usual = above.resolve("kata-java-ann");
    assertThat(KataDirectories.temporary(above, "ann")).isEqualTo(usual);

    Files.setPosixFilePermissions(
        Files.createDirectory(usual), PosixFilePermissions.fromString("rwxrwxrwx"));
    Path other = KataDirectories.temporary(above, "ann");
    assertThat(other.toString()).startsWith(usual + "-");
    assertThat(other).doesNotExist();
    assertThat(KataDirectories.temporary(above, "ann")).isEqualTo(other);

    TrustedDirectory.own("state", other, "rwx--x--x");
    Files.setPosixFilePermissions(
        Files.createDirectory(above.resolve("kata-java-ann-000")),
        PosixFilePermissions.fromString("rwxrwxrwx"));
    assertThat(KataDirectories.temporary(above, "ann")).isEqualTo(other);
    // As another JVM of that user has it.
    assertThat(KataDirectories.another(usual, "it is somebody else's")).isEqualTo(other);
  }

  @Test
  void temporary_userWithoutAName_isToldByItsNumber(@TempDir Path above) {
    assertThat(KataDirectories.temporary(above, "?"))
        .isEqualTo(above.resolve("kata-java-" + TrustedDirectory.uid()));
  }
}
