package io.katajava.guest.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.HostFact;
import io.katajava.HostFinding;
import io.katajava.HostFinding.Status;
import io.katajava.KataDirectories;
import io.katajava.guest.GuestHostProbe;
import io.katajava.guest.GuestStore;
import io.katajava.guest.StoredGuest;
import io.katajava.spi.HostView;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GuestChecksTest {
  @TempDir Path directory;
  private GuestFixture fixture;

  @BeforeEach
  void makeHost() throws IOException {
    fixture = new GuestFixture(directory);
  }

  private HostView view(String architecture) throws IOException {
    Path release = fixture.root.resolve("proc/sys/kernel/osrelease");
    Files.createDirectories(release.getParent());
    Files.writeString(release, GuestFixture.RELEASE + "\n");
    return new HostView(
        fixture.root,
        architecture,
        Map.of("PATH", "/usr/bin"),
        new KataDirectories(directory.resolve("run"), fixture.cache),
        false);
  }

  private HostFinding find(String name) throws Exception {
    List<HostFinding> findings = new GuestHostProbe().check(view("x86_64"));
    return findings.stream().filter(f -> f.name().equals(name)).findFirst().orElseThrow();
  }

  private void file(String path) throws IOException {
    Path file = fixture.root.resolve(path);
    Files.createDirectories(file.getParent());
    Files.write(file, GuestFixture.bzImage());
  }

  @Test
  void kernel_nowhere_failsAndSaysWhereItLooked() throws Exception {
    HostFinding found = find("kernel");

    assertThat(found.status()).isEqualTo(Status.FAILED);
    assertThat(found.reason()).contains("Kata's kernel", "the packaged kernel", "the host's");
  }

  @Test
  void kernel_ofKata_isTakenFirst() throws Exception {
    file("opt/kata/share/kata-containers/vmlinuz.container");
    file("boot/vmlinuz-" + GuestFixture.RELEASE);

    assertThat(find("kernel").reason()).contains("Kata Containers in /opt/kata");
  }

  @Test
  void kernel_ofTheHost_does() throws Exception {
    file("boot/vmlinuz-" + GuestFixture.RELEASE);
    Files.createDirectories(fixture.root.resolve("lib/modules/" + GuestFixture.RELEASE));

    assertThat(find("kernel").status()).isEqualTo(Status.PASSED);
  }

  @Test
  void busybox_static_passes_dynamic_failsWithTheRemedy() throws Exception {
    assertThat(find("busybox").status()).isEqualTo(Status.PASSED);

    Files.write(fixture.root.resolve("bin/busybox"), FakeElf.program(true));
    HostFinding found = find("busybox");
    assertThat(found.status()).isEqualTo(Status.FAILED);
    assertThat(found.remedy()).hasValue("Install the package busybox-static");
  }

  @Test
  void download_notNeeded_isSkipped() throws Exception {
    assertThat(find("download").status()).isEqualTo(Status.SKIPPED);
  }

  @Test
  void architecture_withoutGuest_fails() throws Exception {
    assertThat(new GuestHostProbe().check(view("s390x")))
        .singleElement()
        .matches(finding -> finding.status() == Status.FAILED);
  }

  @Test
  void looking_makesNothingInTheCache() throws Exception {
    new GuestHostProbe().check(view("x86_64"));
    new GuestHostProbe().facts(view("x86_64"));
    GuestStore.in(fixture.cache).list();

    assertThat(fixture.cache).doesNotExist();
  }

  @Test
  void builtGuest_isListedAndToldAndVerified() throws Exception {
    fixture.provide(fixture.draft());
    GuestStore store = GuestStore.in(fixture.cache);

    List<StoredGuest> guests = store.list();

    assertThat(guests).hasSize(1);
    StoredGuest guest = guests.get(0);
    assertThat(guest.chosen("kernel")).isEqualTo(GuestFixture.RELEASE);
    assertThat(store.damage(guest)).isEmpty();
    assertThat(find("cache").reason()).contains("1 built", GuestFixture.RELEASE);
    assertThat(new GuestHostProbe().facts(view("x86_64")))
        .contains(new HostFact("Initrd", "Path", guest.initrd().toString()));
  }

  @Test
  void damagedGuest_isToldFileByFile() throws Exception {
    fixture.provide(fixture.draft());
    GuestStore store = GuestStore.in(fixture.cache);
    StoredGuest guest = store.list().get(0);
    byte[] initrd = Files.readAllBytes(guest.initrd());
    initrd[initrd.length / 2] ^= 1;
    Files.write(guest.initrd(), initrd);
    Files.delete(guest.kernel());

    assertThat(store.damage(guest))
        .anyMatch(problem -> problem.contains("is missing"))
        .anyMatch(problem -> problem.contains("SHA-256"));
  }

  @Test
  void damagedManifest_isLeftOutOfTheList() throws Exception {
    fixture.provide(fixture.draft());
    Files.writeString(fixture.cache.resolve("guest/manifests/broken.properties"), "kernel=\\u12");

    assertThat(GuestStore.in(fixture.cache).list()).hasSize(1);
  }
}
