package io.katajava.guest.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import io.katajava.Choice;
import io.katajava.base.files.TreeRemoval;
import io.katajava.guest.KernelSource;
import io.katajava.spi.GuestAssets;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packages of kernels as distributions cut them. */
class PackagedKernelTest {
  private static final String RELEASE = GuestFixture.RELEASE;
  private static final List<String> MODULES = List.of("virtio", "virtio_pci", "virtio_console");

  @TempDir Path directory;
  private GuestFixture fixture;
  private int debs;

  @BeforeEach
  void makeHost() throws IOException {
    fixture = new GuestFixture(directory);
  }

  private GuestRecipe.Draft draft() {
    GuestRecipe.Draft draft = fixture.draft();
    draft.sources = List.of(KernelSource.debian());
    return draft;
  }

  private Path deb(FakeDeb content) throws IOException {
    return content.write(directory.resolve(debs++ + ".deb"));
  }

  private Path empty() throws IOException {
    return deb(new FakeDeb().file("./usr/share/doc/readme", new byte[] {1}));
  }

  private Path kernel(String path) throws IOException {
    return deb(new FakeDeb().file(path, GuestFixture.bzImage()));
  }

  private Path modules(String place, boolean zstd) throws IOException {
    return modules(place, zstd, MODULES);
  }

  private Path modules(String place, boolean zstd, List<String> names) throws IOException {
    FakeDeb deb = new FakeDeb();
    for (String name : names) {
      byte[] module = Files.readAllBytes(fixture.modules.resolve("kernel/" + name + ".ko"));
      deb.file(
          place + RELEASE + "/kernel/" + name + (zstd ? ".ko.zst" : ".ko"),
          zstd ? Zstd.compress(module, 19) : module);
    }
    return deb(deb);
  }

  /** As unstable has it: the image holds nothing, and the base tells what is built in. */
  private FakeApt unstable() throws IOException {
    String version = "7.2.13-1";
    String suffix = "-7.2.13+deb14-cloud-amd64";
    return new FakeApt()
        .add(
            "linux-image-cloud-amd64",
            version,
            "Depends: linux-base-cloud-amd64 (= 7.2.13-1), linux-image" + suffix + " (= 7.2.13-1)",
            empty())
        .add(
            "linux-image" + suffix,
            version,
            "Depends: dracut | initramfs-tools (>= 0.120+deb8u2), linux-base"
                + suffix
                + " (= 7.2.13-1), linux-binary"
                + suffix
                + " (= 7.2.13-1), linux-modules"
                + suffix
                + " (= 7.2.13-1)",
            empty())
        .add(
            "linux-binary" + suffix,
            version,
            "Depends: linux-base" + suffix + " (= 7.2.13-1)",
            kernel("./usr/lib/modules/" + RELEASE + "/vmlinuz"))
        .add(
            "linux-modules" + suffix,
            version,
            "Depends: kmod, linux-base" + suffix + " (= 7.2.13-1)",
            modules("./usr/lib/modules/", false, List.of("virtio", "virtio_pci")))
        .add(
            "linux-base" + suffix,
            version,
            "",
            deb(
                new FakeDeb()
                    .file(
                        "./usr/lib/modules/" + RELEASE + "/modules.builtin",
                        "kernel/drivers/char/virtio_console.ko\n"
                            .getBytes(StandardCharsets.US_ASCII))));
  }

  @Test
  void provide_imageThatOnlyDepends_takesWhatItDependsOn() throws Exception {
    fixture.installApt(unstable());

    GuestAssets guest = fixture.provideWithTools(draft());

    assertThat(guest.kernel()).hasBinaryContent(FakeElf.vmlinux(true, 5_000));
    assertThat(guest.choices().get(0).why())
        .isEqualTo("Debian package linux-image-7.2.13+deb14-cloud-amd64 7.2.13-1");
    assertThat(fixture.downloaded())
        .containsExactly(
            "linux-image-7.2.13+deb14-cloud-amd64=7.2.13-1",
            "linux-base-7.2.13+deb14-cloud-amd64=7.2.13-1",
            "linux-binary-7.2.13+deb14-cloud-amd64=7.2.13-1",
            "linux-modules-7.2.13+deb14-cloud-amd64=7.2.13-1");
    assertThat(fixture.provideWithTools(draft())).isEqualTo(guest);
    assertThat(fixture.downloaded()).hasSize(4);
  }

  @Test
  void provide_cacheWithTheImageAlone_isCompleted() throws Exception {
    fixture.installApt(unstable());
    Path debian = Files.createDirectories(fixture.cache.resolve("guest/debian"));
    Files.createDirectories(debian.resolve("linux-image-7.2.13_old/usr/share"));
    Files.writeString(
        debian.resolve("linux-image-cloud-amd64.current"),
        "linux-image-7.2.13_old\nlinux-image-7.2.13+deb14-cloud-amd64\n7.2.13-1\n");

    assertThat(fixture.provideWithTools(draft()).kernel())
        .hasBinaryContent(FakeElf.vmlinux(true, 5_000));
  }

  /** Ubuntu 24.04: the virtual flavour, the image signed, modules as .ko.zst in a package alone. */
  @Test
  void provide_ubuntu_takesImageAndModules() throws Exception {
    String suffix = "-6.8.0-45-generic";
    fixture.installApt(
        new FakeApt()
            .add("linux-image-virtual", "6.8.0-45.45", "Depends: linux-image" + suffix, empty())
            .add(
                "linux-image" + suffix,
                "6.8.0-45.45",
                "Depends: kmod, linux-base (>= 4.5ubuntu1~16.04.1), linux-modules" + suffix,
                kernel("./boot/vmlinuz-" + RELEASE))
            .add(
                "linux-modules" + suffix,
                "6.8.0-45.45",
                "Depends: ",
                modules("./lib/modules/", true)));

    GuestAssets guest = fixture.provideWithTools(draft());

    assertThat(guest.kernel()).hasBinaryContent(FakeElf.vmlinux(true, 5_000));
    assertThat(guest.choices())
        .anyMatch(choice -> choice.what().equals("modules") && choice.chosen().equals("3 files"));
  }

  /**
   * Ubuntu without a virtual flavour: of two images the one apt has, and no modules of hardware.
   */
  @Test
  void provide_ubuntuGeneric_leavesOutWhatMachinesOfMetalNeed() throws Exception {
    String suffix = "-6.8.0-45-generic";
    fixture.installApt(
        new FakeApt()
            .add(
                "linux-image-generic",
                "6.8.0-45.45",
                "Depends: linux-image"
                    + suffix
                    + " | linux-image-unsigned"
                    + suffix
                    + ", linux-modules-extra"
                    + suffix
                    + ", linux-firmware, intel-microcode, amd64-microcode",
                empty())
            .add(
                "linux-image-unsigned" + suffix,
                "6.8.0-45.45",
                "Pre-Depends: linux-modules" + suffix + ":any (= 6.8.0-45.45)",
                kernel("./boot/vmlinuz-" + RELEASE))
            .add(
                "linux-modules" + suffix,
                "6.8.0-45.45",
                "Suggests: linux-image" + suffix,
                modules("./lib/modules/", false))
            .add(
                "linux-modules-extra" + suffix, "6.8.0-45.45", "Depends: wireless-regdb", empty()));

    assertThat(fixture.provideWithTools(draft()).choices().get(0).why())
        .isEqualTo("Debian package linux-image-unsigned" + suffix + " 6.8.0-45.45");
    assertThat(fixture.downloaded())
        .containsExactly(
            "linux-image-unsigned" + suffix + "=6.8.0-45.45",
            "linux-modules" + suffix + "=6.8.0-45.45");
  }

  /** Ubuntu 22.04 has a kernel for KVM with everything needed built in. */
  @Test
  void provide_ubuntuKvm_isTakenBeforeGeneric() throws Exception {
    FakeApt apt =
        new FakeApt()
            .add("linux-image-kvm", "5.15.0.1", "Depends: linux-image-5.15.0-1-kvm", empty())
            .add(
                "linux-image-5.15.0-1-kvm",
                "5.15.0-1",
                "Depends: linux-modules-5.15.0-1-kvm",
                kernel("./boot/vmlinuz-" + RELEASE))
            .add("linux-modules-5.15.0-1-kvm", "5.15.0-1", "", modules("./lib/modules/", false))
            .add(
                "linux-image-generic",
                "5.15.0.1",
                "Depends: linux-image-5.15.0-1-generic",
                empty());
    fixture.installApt(apt);

    assertThat(fixture.provideWithTools(draft()).choices().get(0).why())
        .contains("linux-image-5.15.0-1-kvm");
  }

  @Test
  void provide_dependencyThatAptDoesNotKnow_isNamed() throws Exception {
    fixture.installApt(
        new FakeApt()
            .add(
                "linux-image-virtual", "6.8", "Depends: linux-image-6.8-generic (= 6.8)", empty()));

    assertThatThrownBy(() -> fixture.provideWithTools(draft()))
        .hasMessageContaining("apt does not know the package linux-image-6.8-generic");
  }

  @Test
  void provide_noKernelInAnyPackage_saysWhichWereLookedInto() throws Exception {
    fixture.installApt(
        new FakeApt()
            .add("linux-image-virtual", "6.8", "Depends: linux-image-6.8-generic", empty())
            .add("linux-image-6.8-generic", "6.8", "", empty()));

    assertThatThrownBy(() -> fixture.provideWithTools(draft()))
        .hasMessageContaining(
            "there is no kernel with modules in the packages that apt has for linux-image-virtual:"
                + " linux-image-6.8-generic 6.8")
        .hasMessageNotContaining("Remove");
  }

  @Test
  void provide_noKernelOfThePackagesIsKnown_namesAll() throws Exception {
    fixture.installApt(new FakeApt());

    assertThatThrownBy(() -> fixture.provideWithTools(draft()))
        .hasMessageContaining(
            "apt does not know the package linux-image-cloud-amd64 or linux-image-virtual or"
                + " linux-image-kvm or linux-image-generic");
  }

  @Test
  void packages_ofAnotherArchitecture_sayWhich() throws Exception {
    AptPackages apt =
        new AptPackages(
            CacheDirectory.open(fixture.cache),
            fixture.host().searchPath(),
            false,
            io.katajava.Deadline.after(java.time.Duration.ofSeconds(30)));
    fixture.installApt(
        new FakeApt()
            .add("linux-image-virtual:arm64", "6.8", "Depends: linux-image-6.8-generic", empty())
            .add("linux-image-6.8-generic:arm64", "6.8", "", kernel("./boot/vmlinuz-" + RELEASE)));

    AptPackages.Unpacked unpacked =
        apt.provide(
            KernelFinder.packages("aarch64", "x86_64"),
            new AptPackages.Wanted(
                "kernel",
                java.util.regex.Pattern.compile("linux-image-\\d.*"),
                path -> path.startsWith("boot/"),
                root -> Files.isDirectory(root.resolve("boot"))));

    assertThat(unpacked.directory().resolve("boot/vmlinuz-" + RELEASE)).exists();
    assertThat(fixture.downloaded()).containsExactly("linux-image-6.8-generic:arm64=6.8");
  }

  @Test
  void provide_oneModuleOfThePackageChanged_isDownloadedAgain() throws Exception {
    fixture.installApt(unstable());
    fixture.provideWithTools(draft());
    TreeRemoval.of(fixture.cache.resolve("guest/manifests"));
    try (Stream<Path> files = Files.walk(fixture.cache.resolve("guest/debian"))) {
      Path module = files.filter(file -> file.endsWith("virtio_pci.ko")).findFirst().orElseThrow();
      Files.write(module, Arrays.copyOf(Files.readAllBytes(module), 100));
    }

    GuestAssets guest = fixture.provideWithTools(draft());

    assertThat(fixture.downloaded()).hasSize(8);
    assertThat(guest.choices()).noneMatch(choice -> choice.why().contains("damaged"));
  }

  @Test
  void provide_refreshOfADamagedPackage_downloadsIt() throws Exception {
    fixture.installApt(unstable());
    fixture.provideWithTools(draft());
    try (Stream<Path> files = Files.walk(fixture.cache.resolve("guest/debian"))) {
      Files.write(
          files.filter(file -> file.endsWith("vmlinuz")).findFirst().orElseThrow(), new byte[] {1});
    }
    GuestRecipe.Draft draft = draft();
    draft.refresh = true;

    assertThat(fixture.provideWithTools(draft).kernel())
        .hasBinaryContent(FakeElf.vmlinux(true, 5_000));
    assertThat(fixture.downloaded()).hasSize(8);
  }

  @Test
  void provide_busyboxInTheCacheChanged_isDownloadedAgain() throws Exception {
    Path deb = deb(new FakeDeb().file("./usr/bin/busybox", FakeElf.program(false)));
    fixture.installApt(new FakeApt().add("busybox-static", "1.37", "", deb));
    Files.delete(fixture.root.resolve("bin/busybox"));
    GuestAssets first = fixture.provideWithTools(fixture.draft());
    try (Stream<Path> files = Files.walk(fixture.cache.resolve("guest/debian"))) {
      Files.write(
          files.filter(file -> file.endsWith("busybox")).findFirst().orElseThrow(), new byte[] {1});
    }

    assertThat(fixture.provideWithTools(fixture.draft()).key()).isEqualTo(first.key());
    assertThat(fixture.downloaded()).hasSize(2);
  }

  @Test
  void relations_ofARecord_areCutToTheirNames() {
    assertThat(
            PackageRelations.of(
                Map.of(
                    "Depends",
                    "a (>= 1.0~x), b:any | c [amd64] , ${misc:Depends}, ,d",
                    "Pre-Depends",
                    "e",
                    "Recommends",
                    "f")))
        .containsExactly(List.of("e"), List.of("a"), List.of("b", "c"), List.of("d"));
  }

  @Test
  void choices_ofTheKernel_nameEachPart() throws Exception {
    fixture.installApt(unstable());

    assertThat(fixture.provideWithTools(draft()).choices())
        .extracting(Choice::what)
        .contains("kernel", "kernel image", "modules", "initrd");
  }
}
