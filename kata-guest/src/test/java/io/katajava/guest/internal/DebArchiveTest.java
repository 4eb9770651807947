package io.katajava.guest.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DebArchiveTest {
  @TempDir Path directory;
  private Path target = Path.of("");

  @BeforeEach
  void makeTarget() throws IOException {
    target = Files.createDirectory(directory.resolve("target"));
  }

  @Test
  void unpack_wantedFiles_areTheOnlyOnes() throws IOException {
    Path deb =
        new FakeDeb()
            .file("./boot/vmlinuz-1", new byte[] {1})
            .file("./usr/share/doc/x", new byte[] {2})
            .write(directory.resolve("a.deb"));

    assertThat(DebArchive.unpack(deb, target, path -> path.startsWith("boot/"))).isEqualTo(1);
    assertThat(target.resolve("boot/vmlinuz-1")).hasBinaryContent(new byte[] {1});
    assertThat(target.resolve("usr")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"../evil", "./../evil", "boot/../../evil", "/evil"})
  void unpack_pathOutOfTarget_isRefused(String name) throws IOException {
    Path deb = new FakeDeb().file(name, new byte[] {1}).write(directory.resolve("a.deb"));

    assertThatThrownBy(() -> DebArchive.unpack(deb, target, path -> true))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("leads out of the target");
    assertThat(directory.resolve("evil")).doesNotExist();
  }

  @Test
  void unpack_fileThroughLink_staysInTarget() throws IOException {
    Path outside = Files.createDirectory(directory.resolve("outside"));
    Path deb =
        new FakeDeb()
            .link("./boot", outside.toString(), TarConstants.LF_SYMLINK)
            .file("./boot/x", new byte[] {1})
            .link("./hard", outside.resolve("y").toString(), TarConstants.LF_LINK)
            .write(directory.resolve("a.deb"));

    DebArchive.unpack(deb, target, path -> true);

    assertThat(outside).isEmptyDirectory();
    assertThat(target.resolve("boot/x")).hasBinaryContent(new byte[] {1});
    assertThat(target.resolve("hard")).doesNotExist();
  }

  @Test
  void unpack_truncated_fails() throws IOException {
    byte[] data = new FakeDeb().file("./boot/x", new byte[20_000]).xz();
    Path deb =
        FakeDeb.write(
            directory.resolve("a.deb"), "data.tar.xz", Arrays.copyOf(data, data.length / 2));

    assertThatThrownBy(() -> DebArchive.unpack(deb, target, path -> true))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("a.deb cannot be unpacked");
  }

  @Test
  void unpack_notAPackage_fails() throws IOException {
    Path deb = Files.writeString(directory.resolve("a.deb"), "<html>not found</html>");

    assertThatThrownBy(() -> DebArchive.unpack(deb, target, path -> true))
        .isInstanceOf(IOException.class);
  }

  @Test
  void unpack_unknownCompression_isNamed() throws IOException {
    Path deb = FakeDeb.write(directory.resolve("a.deb"), "data.tar.br", new byte[] {1});

    assertThatThrownBy(() -> DebArchive.unpack(deb, target, path -> true))
        .hasMessageContaining("data.tar.br");
  }
}
