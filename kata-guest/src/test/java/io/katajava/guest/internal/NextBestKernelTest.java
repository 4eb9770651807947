package io.katajava.guest.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.guest.KernelSource;
import io.katajava.spi.GuestAssets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What cannot be had in the best way is had in the next best, and is not called damaged. */
class NextBestKernelTest {
  @TempDir Path directory;
  private GuestFixture fixture;

  @BeforeEach
  void makeHost() throws IOException {
    fixture = new GuestFixture(directory);
  }

  private static String why(GuestAssets guest, String what) {
    return guest.choices().stream()
        .filter(choice -> choice.what().equals(what))
        .findFirst()
        .orElseThrow()
        .why();
  }

  private static byte[] largeWindow() throws IOException {
    byte[] payload = KernelImageTest.packed("zstd", FakeElf.vmlinux(true, 5_000));
    payload[5] = (byte) (21 << 3);
    return payload;
  }

  @Test
  void provide_compressionNotKnownHere_bootsTheBzImage() throws Exception {
    byte[] payload = KernelImageTest.packed("gzip", FakeElf.vmlinux(true, 5_000));
    payload[0] = 'B';
    payload[1] = 'Z';
    Files.write(fixture.kernel, KernelImageTest.bzImage(payload));

    GuestAssets guest = fixture.provide(fixture.draft());

    assertThat(guest.kernel()).isEqualTo(fixture.kernel);
    assertThat(why(guest, "kernel image"))
        .startsWith("bzImage, which unpacks itself in the guest, because")
        .contains("its compression (magic 425a")
        .doesNotContain("damage");
    assertThat(fixture.provide(fixture.draft())).isEqualTo(guest);
  }

  @Test
  void provide_windowBeyondWhatIsRead_bootsTheBzImage() throws Exception {
    Files.write(fixture.kernel, KernelImageTest.bzImage(largeWindow()));

    assertThat(why(fixture.provide(fixture.draft()), "kernel image"))
        .contains("a window of 2048 MiB; up to 128 MiB are read");
  }

  @Test
  void provide_decoderFails_bootsTheBzImage() throws Exception {
    byte[] payload = KernelImageTest.packed("xz", FakeElf.vmlinux(true, 5_000));
    Arrays.fill(payload, 60, 70, (byte) 0xa5);
    Files.write(fixture.kernel, KernelImageTest.bzImage(payload));

    assertThat(fixture.provide(fixture.draft()).kernel()).isEqualTo(fixture.kernel);
  }

  @Test
  void provide_packagedKernelThatCannotBeUnpacked_isDownloadedOnce() throws Exception {
    FakeDeb content = new FakeDeb();
    content.file("./boot/vmlinuz-" + GuestFixture.RELEASE, KernelImageTest.bzImage(largeWindow()));
    for (String name : List.of("virtio", "virtio_pci", "virtio_console")) {
      content.file(
          "./lib/modules/" + GuestFixture.RELEASE + "/kernel/" + name + ".ko",
          Files.readAllBytes(fixture.modules.resolve("kernel/" + name + ".ko")));
    }
    Path deb = content.write(directory.resolve("k.deb"));
    fixture.installApt(
        new FakeApt()
            .add("linux-image-cloud-amd64", "1", "Depends: linux-image-1-cloud-amd64", deb)
            .add("linux-image-1-cloud-amd64", "1", "", deb));
    GuestRecipe.Draft draft = fixture.draft();
    draft.sources = List.of(KernelSource.debian());

    GuestAssets guest = fixture.provideWithTools(draft);

    assertThat(guest.kernel().getFileName()).hasToString("vmlinuz-" + GuestFixture.RELEASE);
    assertThat(fixture.provideWithTools(draft)).isEqualTo(guest);
    assertThat(fixture.downloaded()).hasSize(1);
  }

  @Test
  void provide_imageCutOff_isRefused() throws Exception {
    byte[] image = GuestFixture.bzImage();
    Files.write(fixture.kernel, Arrays.copyOf(image, image.length - 100));

    assertThatThrownBy(() -> fixture.provide(fixture.draft()))
        .isInstanceOfSatisfying(
            KataException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.KERNEL_NOT_FOUND))
        .hasMessageContaining("is truncated");
  }

  @Test
  void provide_kernelWithModulesThatCannotBeRead_takesTheNext() throws Exception {
    Path broken = directory.resolve("broken/" + GuestFixture.RELEASE);
    Files.createDirectories(broken.resolve("kernel"));
    Files.writeString(broken.resolve("modules.dep"), "this is no list of modules\n");
    GuestRecipe.Draft draft = fixture.draft();
    draft.sources =
        List.of(
            KernelSource.files(fixture.kernel, broken),
            KernelSource.files(fixture.kernel, fixture.modules));

    GuestAssets guest = fixture.provide(draft);

    assertThat(why(guest, "kernel")).contains("not given kernel", "modules.dep, line 1");
  }

  @Test
  void provide_nothingDoes_tellsAllReasons() throws Exception {
    Path broken = directory.resolve("broken/" + GuestFixture.RELEASE);
    Files.createDirectories(broken);
    Files.writeString(broken.resolve("modules.dep"), "this is no list of modules\n");
    GuestRecipe.Draft draft = fixture.draft();
    draft.sources =
        List.of(KernelSource.files(fixture.kernel, broken), KernelSource.files(directory));

    assertThatThrownBy(() -> fixture.provide(draft))
        .isInstanceOfSatisfying(
            KataException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.GUEST_BUILD_FAILED))
        .hasMessageContaining("modules.dep, line 1")
        .hasMessageContaining(directory + " is not a file");
  }

  @Test
  void provide_hostKernelBesideItsModules_isFoundThere() throws Exception {
    Path modules = fixture.root.resolve("lib/modules/" + GuestFixture.RELEASE);
    Files.createDirectories(modules.getParent());
    Files.move(fixture.modules, modules);
    Files.copy(fixture.kernel, modules.resolve("vmlinuz"));
    GuestRecipe.Draft draft = fixture.draft();
    draft.sources = List.of(KernelSource.host());

    assertThat(why(fixture.provideWithTools(draft), "kernel"))
        .isEqualTo("the kernel the host runs");
  }
}
