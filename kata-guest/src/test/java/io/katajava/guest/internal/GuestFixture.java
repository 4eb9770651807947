package io.katajava.guest.internal;

import io.katajava.Deadline;
import io.katajava.guest.KernelSource;
import io.katajava.spi.GuestAssets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;

/** A host in a directory: kernel, modules, busybox, agent and a fake apt, all tiny. */
final class GuestFixture {
  static final String RELEASE = "6.1.0-test";

  final Path root;
  final Path cache;
  final Path kernel;
  final Path modules;
  final Path agent;
  private final Path tools;

  GuestFixture(Path directory) throws IOException {
    root = Files.createDirectory(directory.resolve("host"));
    cache = directory.resolve("cache");
    tools = Files.createDirectory(directory.resolve("tools"));
    kernel = directory.resolve("vmlinuz");
    modules = directory.resolve(RELEASE);
    agent = Files.write(directory.resolve("agent"), FakeElf.program(false));
    Files.write(kernel, bzImage());
    module("virtio", "depends=");
    module("virtio_pci", "depends=virtio");
    module("virtio_console", "depends=virtio");
    module("overlay", "depends=");
    Files.createDirectories(root.resolve("bin"));
    Files.write(root.resolve("bin/busybox"), FakeElf.program(false));
  }

  static byte[] bzImage() throws IOException {
    return KernelImageTest.bzImage(KernelImageTest.packed("xz", FakeElf.vmlinux(true, 5_000)));
  }

  void module(String name, String... modinfo) throws IOException {
    Path file = modules.resolve("kernel/" + name + ".ko");
    Files.createDirectories(file.getParent());
    Files.write(file, FakeElf.module(modinfo));
  }

  GuestRecipe.Draft draft() {
    GuestRecipe.Draft draft = new GuestRecipe.Draft();
    draft.architecture = "x86_64";
    draft.agent = agent;
    draft.sources = List.of(KernelSource.files(kernel, modules));
    return draft;
  }

  GuestAssets provide(GuestRecipe.Draft draft) throws InterruptedException {
    Host host = new Host(root, tools.toString() + ":/usr/bin:/bin", "x86_64", RELEASE);
    return provide(draft, host);
  }

  /** On a host whose tools are only the fake ones. */
  GuestAssets provideWithTools(GuestRecipe.Draft draft) throws InterruptedException {
    return provide(draft, host());
  }

  /** The host with only the fake tools. */
  Host host() {
    return new Host(root, tools.toString(), "x86_64", RELEASE);
  }

  void removeTool(String name) throws IOException {
    Files.delete(tools.resolve(name));
  }

  private GuestAssets provide(GuestRecipe.Draft draft, Host host) throws InterruptedException {
    return new GuestAssembly(
            draft.recipe(),
            host,
            cache,
            Deadline.after(Duration.ofSeconds(30)),
            io.katajava.ProgressListener.NONE)
        .provide();
  }

  /** Installs an apt that knows just these packages. */
  void installApt(FakeApt apt) throws IOException {
    script("apt-cache", apt.cacheScript());
    script("apt-get", apt.getScript(downloads()));
  }

  /** Their names, in order. */
  java.util.List<String> downloaded() throws IOException {
    return Files.exists(downloads()) ? Files.readAllLines(downloads()) : List.of();
  }

  /** Installs an apt that knows Debian's cloud kernel with the given checksum. */
  void installApt(Path deb, String sha256) throws IOException {
    String versioned = "linux-image-6.1.0-9-cloud-amd64";
    script(
        "apt-cache",
        """
        [ "$1" = show ] || exit 9
        for name; do :; done
        case $name in
          linux-image-cloud-amd64) echo "Depends: %s (= 6.1.9-1)" ;;
          %s) ;;
          *) exit 100 ;;
        esac
        echo "Package: $name"
        echo "Version: 6.1.9-1"
        echo "Architecture: amd64"
        echo "Size: 1000"
        echo "SHA256: %s"
        """
            .formatted(versioned, versioned, sha256));
    script(
        "apt-get",
        """
        [ "$1" = download ] || exit 9
        echo run >>%s
        /bin/cp %s ./%s_6.1.9-1_amd64.deb
        """
            .formatted(downloads(), deb, versioned));
  }

  void removeApt() throws IOException {
    Files.deleteIfExists(tools.resolve("apt-cache"));
    Files.deleteIfExists(tools.resolve("apt-get"));
  }

  void script(String name, String body) throws IOException {
    Path file = Files.writeString(tools.resolve(name), "#!/bin/sh\n" + body);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  int downloadCount() throws IOException {
    return Files.exists(downloads()) ? Files.readAllLines(downloads()).size() : 0;
  }

  Path debianKernel(Path file) throws IOException {
    FakeDeb deb = new FakeDeb().file("./boot/vmlinuz-" + RELEASE, bzImage());
    for (String name : List.of("virtio", "virtio_pci", "virtio_console")) {
      deb.file(
          "./lib/modules/" + RELEASE + "/kernel/" + name + ".ko",
          Files.readAllBytes(modules.resolve("kernel/" + name + ".ko")));
    }
    return deb.write(file);
  }

  private Path downloads() {
    return root.resolve("downloads");
  }
}
