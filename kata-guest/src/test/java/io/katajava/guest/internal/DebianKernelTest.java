package io.katajava.guest.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.guest.KernelSource;
import io.katajava.spi.GuestAssets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DebianKernelTest {
  @TempDir Path directory;
  private GuestFixture fixture;
  private Path deb = Path.of("");

  @BeforeEach
  void makeHost() throws IOException {
    fixture = new GuestFixture(directory);
    deb = fixture.debianKernel(directory.resolve("kernel.deb"));
    fixture.installApt(deb, Digests.of(deb));
  }

  private GuestRecipe.Draft draft() {
    GuestRecipe.Draft draft = fixture.draft();
    draft.sources = List.of(KernelSource.debian());
    return draft;
  }

  @Test
  void provide_firstTime_downloadsChecksAndUnpacks() throws Exception {
    GuestAssets guest = fixture.provideWithTools(draft());

    assertThat(guest.choices().get(0).why())
        .isEqualTo("Debian package linux-image-6.1.0-9-cloud-amd64 6.1.9-1");
    assertThat(fixture.downloadCount()).isEqualTo(1);
    try (Stream<Path> left = Files.list(fixture.cache.resolve("guest/tmp"))) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void provide_secondTime_needsNoApt() throws Exception {
    GuestAssets first = fixture.provideWithTools(draft());
    fixture.removeApt();

    assertThat(fixture.provideWithTools(draft())).isEqualTo(first);
  }

  @Test
  void provide_otherChecksum_isRefusedAndNothingKept() throws Exception {
    fixture.installApt(deb, "0".repeat(64));

    assertThatThrownBy(() -> fixture.provideWithTools(draft()))
        .hasMessageContaining("apt's lists say " + "0".repeat(64));
    try (Stream<Path> left = Files.list(fixture.cache.resolve("guest/tmp"))) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void provide_listsMissing_namesTheRemedy() throws Exception {
    fixture.script("apt-cache", "exit 100\n");

    assertThatThrownBy(() -> fixture.provideWithTools(draft()))
        .hasMessageContaining("apt does not know the package linux-image-cloud-amd64")
        .hasMessageEndingWith("Run 'apt-get update' as root, then try again");
  }

  @Test
  void provide_downloadFails_carriesAptsWords() throws Exception {
    fixture.script("apt-get", "echo 'E: no route to mirror' >&2; exit 100\n");

    assertThatThrownBy(() -> fixture.provideWithTools(draft()))
        .hasMessageContaining("E: no route to mirror");
  }

  @Test
  void provide_cachedKernelDamaged_isDownloadedAgain() throws Exception {
    fixture.provideWithTools(draft());
    try (Stream<Path> files = Files.walk(fixture.cache.resolve("guest/debian"))) {
      for (Path image : files.filter(f -> f.toString().contains("vmlinuz")).toList()) {
        byte[] bytes = Files.readAllBytes(image);
        Files.write(image, java.util.Arrays.copyOf(bytes, bytes.length - 100));
      }
    }

    fixture.provideWithTools(draft());

    assertThat(fixture.downloadCount()).isEqualTo(2);
  }

  @Test
  void provide_refresh_asksAptAgain() throws Exception {
    fixture.provideWithTools(draft());
    fixture.removeApt();
    GuestRecipe.Draft draft = draft();
    draft.refresh = true;

    assertThatThrownBy(() -> fixture.provideWithTools(draft))
        .hasMessageContaining("apt-cache is not on PATH");
  }

  @Test
  void provide_hostilePackage_leavesNothingOutside() throws Exception {
    Path hostile =
        new FakeDeb()
            .file("./boot/vmlinuz-1", new byte[] {1})
            .file("./boot/../../../escaped", new byte[] {1})
            .write(directory.resolve("hostile.deb"));
    fixture.installApt(hostile, Digests.of(hostile));

    assertThatThrownBy(() -> fixture.provideWithTools(draft()))
        .hasMessageContaining("leads out of the target");
    try (Stream<Path> files = Files.walk(directory)) {
      assertThat(files).noneMatch(file -> file.endsWith("escaped"));
    }
  }
}
