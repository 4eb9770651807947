package io.katajava.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.HostFinding;
import io.katajava.KataDirectories;
import io.katajava.spi.HostProbe;
import io.katajava.spi.HostView;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageHostProbeTest {
  @TempDir Path root;

  private HostFinding find() {
    KataDirectories directories = new KataDirectories(root.resolve("run"), root.resolve("cache"));
    return new ImageHostProbe()
        .check(new HostView(root, "x86_64", Map.of("PATH", "/usr/bin"), directories, false))
        .get(0);
  }

  @Test
  void probe_isFoundByItsService() {
    assertThat(ServiceLoader.load(HostProbe.class))
        .anySatisfy(probe -> assertThat(probe).isInstanceOf(ImageHostProbe.class));
  }

  @Test
  void tool_thatIsMissing_isNamedWithItsPackage() {
    HostFinding finding = find();
    assertThat(finding.status()).isEqualTo(HostFinding.Status.WARNED);
    assertThat(finding.toString()).contains("sqfstar", "tar2sqfs", "squashfs-tools");
  }

  @Test
  void tool_ofEitherKind_isEnough() throws IOException {
    Path tool = Files.createDirectories(root.resolve("usr/bin")).resolve("tar2sqfs");
    Files.createFile(
        tool, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
    HostFinding finding = find();
    assertThat(finding.status()).isEqualTo(HostFinding.Status.PASSED);
    assertThat(finding.toString()).contains(tool.toString());
  }
}
