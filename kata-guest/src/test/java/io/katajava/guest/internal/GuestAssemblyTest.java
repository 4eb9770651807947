package io.katajava.guest.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.base.files.TreeRemoval;
import io.katajava.guest.InitrdCompression;
import io.katajava.guest.KernelSource;
import io.katajava.spi.GuestAssets;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.cpio.CpioArchiveEntry;
import org.apache.commons.compress.archivers.cpio.CpioArchiveInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GuestAssemblyTest {
  @TempDir Path directory;
  private GuestFixture fixture;

  @BeforeEach
  void makeHost() throws IOException {
    fixture = new GuestFixture(directory);
  }

  private static Map<String, byte[]> content(Path initrd) throws IOException {
    Map<String, byte[]> files = new LinkedHashMap<>();
    try (InputStream raw = new BufferedInputStream(Files.newInputStream(initrd));
        InputStream plain = initrd.toString().endsWith("gz") ? new GZIPInputStream(raw) : raw;
        CpioArchiveInputStream cpio = new CpioArchiveInputStream(plain)) {
      for (CpioArchiveEntry e = cpio.getNextEntry(); e != null; e = cpio.getNextEntry()) {
        files.put(e.getName(), cpio.readAllBytes());
      }
    }
    return files;
  }

  private static String text(Map<String, byte[]> files, String name) {
    return new String(files.getOrDefault(name, new byte[0]), StandardCharsets.UTF_8);
  }

  @Test
  void provide_givenKernel_buildsInitrdAndUnpacksVmlinux() throws Exception {
    GuestAssets guest = fixture.provide(fixture.draft());
    Map<String, byte[]> files = content(guest.initrd().orElseThrow());

    assertThat(guest.kernel()).hasBinaryContent(FakeElf.vmlinux(true, 5_000));
    assertThat(guest.agentPort()).isEqualTo("io.katajava.agent.0");
    assertThat(guest.pause().map(path -> files.get(path.substring(1))))
        .contains(PauseProgram.forArchitecture("x86_64").orElseThrow());
    assertThat(files.get("init")).isEqualTo(FakeElf.program(false));
    assertThat(text(files, "lib/modules/load"))
        .isEqualTo(
            """
            boot /lib/modules/6.1.0-test/kernel/virtio.ko
            boot /lib/modules/6.1.0-test/kernel/virtio_pci.ko
            boot /lib/modules/6.1.0-test/kernel/virtio_console.ko
            lazy overlay /lib/modules/6.1.0-test/kernel/overlay.ko
            """);
    String rootfs = guest.rootfs().getOrDefault("busybox", "").substring(1);
    assertThat(text(files, rootfs + "/bin/sh")).isEqualTo("busybox");
    assertThat(text(files, rootfs + "/usr/bin/env")).isEqualTo("../../bin/busybox");
    assertThat(guest.choices()).anyMatch(choice -> choice.chosen().equals("6.1.0-test"));
  }

  @Test
  void provide_secondTime_takesTheSameFiles() throws Exception {
    GuestAssets first = fixture.provide(fixture.draft());
    FileTime made = Files.getLastModifiedTime(first.initrd().orElseThrow());

    assertThat(fixture.provide(fixture.draft())).isEqualTo(first);
    assertThat(Files.getLastModifiedTime(first.initrd().orElseThrow())).isEqualTo(made);
  }

  @Test
  void provide_otherAgent_isAnotherGuest() throws Exception {
    GuestAssets first = fixture.provide(fixture.draft());
    Files.write(fixture.agent, new byte[] {0}, StandardOpenOption.APPEND);

    assertThat(fixture.provide(fixture.draft()).key()).isNotEqualTo(first.key());
  }

  @Test
  void provide_sameContentInAnotherCache_isSameKey() throws Exception {
    GuestAssets first = fixture.provide(fixture.draft());
    TreeRemoval.of(fixture.cache);

    assertThat(fixture.provide(fixture.draft()).key()).isEqualTo(first.key());
  }

  @Test
  void provide_truncatedInitrd_isRebuilt() throws Exception {
    Path initrd = fixture.provide(fixture.draft()).initrd().orElseThrow();
    byte[] whole = Files.readAllBytes(initrd);
    Files.write(initrd, new byte[] {1, 2, 3});

    fixture.provide(fixture.draft());

    assertThat(initrd).hasBinaryContent(whole);
  }

  @Test
  void provide_damagedVmlinux_isUnpackedAgain() throws Exception {
    Path vmlinux = fixture.provide(fixture.draft()).kernel();
    Files.delete(vmlinux);
    Files.write(vmlinux, new byte[] {1});

    fixture.provide(fixture.draft());

    assertThat(vmlinux).hasBinaryContent(FakeElf.vmlinux(true, 5_000));
  }

  @Test
  void provide_verifyWithSilentDamage_isRebuilt() throws Exception {
    Path initrd = fixture.provide(fixture.draft()).initrd().orElseThrow();
    byte[] whole = Files.readAllBytes(initrd);
    FileTime made = Files.getLastModifiedTime(initrd);
    byte[] damaged = whole.clone();
    damaged[500] ^= 1;
    Files.write(initrd, damaged);
    Files.setLastModifiedTime(initrd, made);
    GuestRecipe.Draft draft = fixture.draft();
    draft.verify = true;

    fixture.provide(draft);

    assertThat(initrd).hasBinaryContent(whole);
  }

  @Test
  void provide_damagedManifest_isRebuilt() throws Exception {
    GuestAssets first = fixture.provide(fixture.draft());
    try (var manifests = Files.list(fixture.cache.resolve("guest/manifests"))) {
      for (Path manifest : manifests.toList()) {
        Files.writeString(manifest, "kernel=\\uXYZ");
      }
    }

    assertThat(fixture.provide(fixture.draft())).isEqualTo(first);
  }

  @Test
  void provide_gzip_holdsTheSameContent() throws Exception {
    GuestRecipe.Draft draft = fixture.draft();
    draft.compression = InitrdCompression.GZIP;
    Map<String, byte[]> packed = content(fixture.provide(draft).initrd().orElseThrow());
    Map<String, byte[]> plain = content(fixture.provide(fixture.draft()).initrd().orElseThrow());

    assertThat(packed.keySet()).isEqualTo(plain.keySet());
    assertThat(packed.get("lib/modules/load")).isEqualTo(plain.get("lib/modules/load"));
  }

  @Test
  void provide_extraFilesAndModules_areInIt() throws Exception {
    fixture.module("nf_tables", "depends=");
    Path motd = Files.writeString(directory.resolve("motd"), "hello");
    GuestRecipe.Draft draft = fixture.draft();
    draft.modules.add("nf_tables");
    draft.files.add(new GuestRecipe.ExtraFile("/etc/motd", motd, 0644));

    Map<String, byte[]> files = content(fixture.provide(draft).initrd().orElseThrow());

    assertThat(text(files, "etc/motd")).isEqualTo("hello");
    assertThat(text(files, "lib/modules/load")).contains("lazy nf_tables /lib/modules/");
  }

  @Test
  void provide_kernelWithoutConsoleDriver_saysSo() throws Exception {
    Files.delete(fixture.modules.resolve("kernel/virtio_console.ko"));

    assertThatThrownBy(() -> fixture.provide(fixture.draft()))
        .isInstanceOfSatisfying(
            KataException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.KERNEL_NOT_FOUND))
        .hasMessageContaining("virtio_console neither built in nor in");
  }

  @Test
  void provide_modulesOfAnotherRelease_areRefused() throws Exception {
    Path other = Files.createDirectory(directory.resolve("5.10.0"));
    GuestRecipe.Draft draft = fixture.draft();
    draft.sources = List.of(KernelSource.files(fixture.kernel, other));

    assertThatThrownBy(() -> fixture.provide(draft))
        .hasMessageContaining("is release 6.1.0-test but its modules are of 5.10.0");
  }

  @Test
  void provide_noKernelAnywhere_listsWhatWasTried() {
    GuestRecipe.Draft draft = fixture.draft();
    draft.sources = KernelSource.defaults();

    assertThatThrownBy(() -> fixture.provideWithTools(draft))
        .isInstanceOfSatisfying(
            KataException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.KERNEL_NOT_FOUND))
        .hasMessageContaining("Kata's kernel: neither /opt/kata/share/kata-containers nor")
        .hasMessageContaining("the packaged kernel: apt-cache is not on PATH")
        .hasMessageContaining("the host's kernel: " + fixture.root + "/boot/vmlinuz-6.1.0-test");
  }

  @Test
  void provide_kataInstalled_isPreferredAndNeedsNoModules() throws Exception {
    Path kata = fixture.root.resolve("opt/kata/share/kata-containers");
    Files.createDirectories(kata);
    Files.write(kata.resolve("vmlinuz.container"), GuestFixture.bzImage());
    GuestRecipe.Draft draft = fixture.draft();
    draft.sources = KernelSource.defaults();

    GuestAssets guest = fixture.provideWithTools(draft);

    assertThat(guest.choices().get(0).why()).startsWith("Kata Containers in /opt/kata");
    assertThat(content(guest.initrd().orElseThrow())).doesNotContainKey("lib/modules/load");
  }

  @Test
  void provide_hostKernel_isTakenWhenReadable() throws Exception {
    Files.createDirectories(fixture.root.resolve("boot"));
    Files.copy(fixture.kernel, fixture.root.resolve("boot/vmlinuz-6.1.0-test"));
    Files.createDirectories(fixture.root.resolve("lib/modules"));
    Files.move(fixture.modules, fixture.root.resolve("lib/modules/6.1.0-test"));
    GuestRecipe.Draft draft = fixture.draft();
    draft.sources = KernelSource.defaults();

    GuestAssets guest = fixture.provideWithTools(draft);

    assertThat(guest.choices().get(0).why())
        .contains("the kernel the host runs", "not the packaged kernel: apt-cache");
  }

  @Test
  void provide_dynamicAgent_isRefused() throws Exception {
    Files.write(fixture.agent, FakeElf.program(true));

    assertThatThrownBy(() -> fixture.provide(fixture.draft()))
        .isInstanceOfSatisfying(
            KataException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.GUEST_BUILD_FAILED))
        .hasMessageContaining("dynamically linked");
  }

  @Test
  void provide_agentOfOtherArchitecture_isRefused() throws Exception {
    Files.write(fixture.agent, FakeElf.programFor(183));

    assertThatThrownBy(() -> fixture.provide(fixture.draft()))
        .hasMessageContaining("is for aarch64, not for x86_64");
  }

  @Test
  void provide_vmlinuxWithoutPvh_isRefused() throws Exception {
    Files.write(fixture.kernel, FakeElf.vmlinux(false, 10));

    assertThatThrownBy(() -> fixture.provide(fixture.draft()))
        .hasMessageContaining("without PVH entry");
  }

  @Test
  void provide_bzImageWithoutPvh_isBootedAsItIs() throws Exception {
    Files.write(
        fixture.kernel,
        KernelImageTest.bzImage(KernelImageTest.packed("gzip", FakeElf.vmlinux(false, 10))));

    assertThat(fixture.provide(fixture.draft()).kernel()).isEqualTo(fixture.kernel);
  }
}
