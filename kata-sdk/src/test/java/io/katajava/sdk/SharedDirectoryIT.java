package io.katajava.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.Birth;
import io.katajava.Container;
import io.katajava.DirectorySharing;
import io.katajava.ErrorCode;
import io.katajava.ExecResult;
import io.katajava.Kata;
import io.katajava.KataException;
import io.katajava.Sandbox;
import io.katajava.Volume;
import io.katajava.agent.oci.OciCapability;
import io.katajava.qemu.QemuConfig;
import io.katajava.qemu.VirtioFs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Directories of the host that real guests see by virtio-fs. */
class SharedDirectoryIT {
  @TempDir Path directory;

  private Kata.Builder kata() {
    return Kata.builder().stateDirectory(directory.resolve("s"));
  }

  private static ExecResult sh(Container container, String script) {
    return container.exec("sh", "-c", script);
  }

  @Test
  void sharedDirectory_namedByALink_isTheDirectory() throws IOException {
    Path real = Files.createDirectories(directory.resolve("real"));
    Files.writeString(real.resolve("f"), "content");
    Path link = Files.createSymbolicLink(directory.resolve("link"), Path.of("real"));
    try (Kata kata = kata().build();
        Sandbox sandbox = kata.sandbox().directories(DirectorySharing.VIRTIO_FS).start();
        Container container =
            sandbox.container("c").volume("/w", Volume.hostDirectory(link).writable()).start()) {
      assertThat(sh(container, "cat /w/f && echo new > /w/g").stdoutText()).isEqualTo("content");
    }
    assertThat(real.resolve("g")).hasContent("new\n");
  }

  @Test
  void sharedDirectory_isTheHostsOwn_inBothDirections() throws IOException {
    Path shared =
        Files.createDirectories(directory.resolve("shared, with a comma/sub")).getParent();
    Path source = Files.createDirectories(directory.resolve("source"));
    Path outside = Files.writeString(directory.resolve("outside"), "not to be seen");
    Files.writeString(source.resolve("a"), "read me");
    Files.writeString(shared.resolve("goes"), "x");
    try (Kata kata = kata().build();
        Sandbox sandbox = kata.sandbox().directories(DirectorySharing.VIRTIO_FS).start()) {
      assertThat(sandbox.birth().kind()).isEqualTo(Birth.Kind.COLD);
      Container container =
          sandbox
              .container("c")
              .volume("/w", Volume.hostDirectory(shared).writable())
              .volume("/r", Volume.hostDirectory(source))
              .start();
      assertThat(sandbox.describe().toString()).contains("shared by virtio-fs, read-only");
      assertThat(sh(container, "cat /r/a").stdoutText()).isEqualTo("read me");
      assertThat(sh(container, "echo x > /r/a; touch /r/new; rm /r/a").exitCode()).isNotZero();
      sh(container, "echo from the guest > /w/sub/b; rm /w/goes; ln -s " + outside + " /w/l")
          .orThrow();
      assertThat(Files.readString(shared.resolve("sub/b"))).isEqualTo("from the guest\n");
      assertThat(shared.resolve("goes")).doesNotExist();
      assertThat(Files.isSymbolicLink(shared.resolve("l"))).isTrue();
      // A link of the guest's is followed in the guest, if at all.
      assertThat(sh(container, "cat /w/l").exitCode()).isNotZero();
      Files.writeString(shared.resolve("late"), "from the host");
      assertThat(sh(container, "cat /w/late").stdoutText()).isEqualTo("from the host");
      Container second =
          sandbox.container("d").volume("/x", Volume.hostDirectory(shared).writable()).start();
      assertThat(sh(second, "cat /x/late").stdoutText()).isEqualTo("from the host");
      assertThat(sh(second, "mknod /x/null c 1 3").exitCode()).isNotZero();
      assertThatThrownBy(() -> sandbox.fork(1)).hasMessageContaining("shares directories");
      // Not written through a file, and still there at the end.
      sh(container, "head -c 5000000 /dev/zero > /w/big").orThrow();
    }
    assertThat(Files.size(shared.resolve("big"))).isEqualTo(5_000_000);
    assertThat(Files.readString(source.resolve("a"))).isEqualTo("read me");
    assertThat(Files.exists(source.resolve("new"), LinkOption.NOFOLLOW_LINKS)).isFalse();
    assertThat(daemons()).isEmpty();
  }

  @Test
  void readOnlyDirectory_isReadOnlyForTheGuestItself() throws IOException {
    Path source = Files.createDirectories(directory.resolve("source"));
    Files.writeString(source.resolve("a"), "read me");
    try (Kata kata = kata().build();
        Sandbox sandbox = kata.sandbox().directories(DirectorySharing.VIRTIO_FS).start()) {
      // One that has all of the guest can mount it anew, and may still not write.
      Container container =
          sandbox
              .container("c")
              .volume("/r", Volume.hostDirectory(source))
              .security(security -> security.addCapabilities(OciCapability.SYS_ADMIN))
              .start();
      String tag = sh(container, "grep ' /r ' /proc/mounts | cut -d' ' -f1").stdoutText().strip();
      ExecResult result =
          sh(container, "mkdir /m; mount -t virtiofs " + tag + " /m && cat /m/a && echo x > /m/a");
      assertThat(result.stdoutText()).isEqualTo("read me");
      assertThat(result.exitCode()).isNotZero();
      assertThat(result.stderrText()).contains("Read-only file system");
    }
    assertThat(Files.readString(source.resolve("a"))).isEqualTo("read me");
  }

  @Test
  void hostWithoutDaemon_copies_orSaysThatItCannotShare() throws IOException {
    Path source = Files.createDirectories(directory.resolve("source"));
    Files.writeString(source.resolve("a"), "copied");
    VirtioFs none = new VirtioFs(Optional.of(directory.resolve("none")), "auto", 1024, List.of());
    try (Kata kata = kata().hypervisor(QemuConfig.builder().virtioFs(none).build()).build()) {
      assertThatThrownBy(() -> kata.sandbox().directories(DirectorySharing.VIRTIO_FS).start())
          .isInstanceOfSatisfying(
              KataException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.HOST_UNSUITABLE))
          .hasMessageContaining("none is not a program");
      try (Sandbox sandbox =
              kata.sandbox().directories(DirectorySharing.VIRTIO_FS_OR_COPY).start();
          Container container =
              sandbox.container("c").volume("/r", Volume.hostDirectory(source)).start()) {
        assertThat(container.exec("cat", "/r/a").stdoutText()).isEqualTo("copied");
        assertThat(sandbox.describe().toString()).contains("copied into guest memory");
      }
    }
  }

  /** Daemons that serve a directory of this test. */
  private List<String> daemons() throws IOException {
    try (Stream<Path> all = Files.list(Path.of("/proc"))) {
      return all.filter(path -> path.getFileName().toString().matches("\\d+"))
          .map(SharedDirectoryIT::commandLine)
          .filter(line -> line.contains("virtiofsd") && line.contains(directory.toString()))
          .toList();
    }
  }

  private static String commandLine(Path process) {
    try {
      return Files.readString(process.resolve("cmdline")).replace('\0', ' ');
    } catch (IOException e) {
      return "";
    }
  }
}
