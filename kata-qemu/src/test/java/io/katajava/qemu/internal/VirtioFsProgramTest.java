package io.katajava.qemu.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.qemu.VirtioFs;
import io.katajava.spi.DirectoryShare;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VirtioFsProgramTest {
  private static final Path SOCKET = Path.of("/s/h1.sock");
  private static final DirectoryShare WRITABLE = new DirectoryShare("h1", Path.of("/a, b"), true);
  private static final DirectoryShare READ_ONLY = new DirectoryShare("h1", Path.of("/a, b"), false);

  @TempDir Path directory;

  private final VirtioFsProgram rust =
      new VirtioFsProgram(Path.of("/virtiofsd"), "--shared-dir <SHARED_DIR> --readonly");
  private final VirtioFsProgram c = new VirtioFsProgram(Path.of("/virtiofsd"), "-o source=PATH");

  @Test
  void daemonInRust_isToldReadOnly() {
    assertThat(rust.command(WRITABLE, SOCKET, VirtioFs.DEFAULT))
        .startsWith("/virtiofsd", "--socket-path", "/s/h1.sock", "--shared-dir", "/a, b")
        .doesNotContain("--readonly");
    assertThat(rust.command(READ_ONLY, SOCKET, VirtioFs.DEFAULT)).contains("--readonly");
  }

  @Test
  void daemonInC_whichCannotBeTold_seesTheDirectoryMountedReadOnly() {
    assertThat(c.command(WRITABLE, SOCKET, VirtioFs.DEFAULT))
        .startsWith("/virtiofsd", "--socket-path=/s/h1.sock", "-o", "source=/a\\, b");
    List<String> line = c.command(READ_ONLY, SOCKET, VirtioFs.DEFAULT);
    assertThat(line).startsWith("unshare", "--mount").contains("/a, b", "/virtiofsd");
    assertThat(String.join(" ", line)).contains("remount,bind,ro");
  }

  @Test
  void settings_reachTheDaemon_lastOnesLast() {
    VirtioFs settings =
        new VirtioFs(Optional.empty(), "never", 64, List.of("--thread-pool-size=1"));
    assertThat(rust.command(WRITABLE, SOCKET, settings))
        .containsSequence("--cache", "never")
        .endsWith("--thread-pool-size=1");
    assertThat(c.command(WRITABLE, SOCKET, settings)).contains("cache=none");
    assertThatThrownBy(() -> new VirtioFs(Optional.empty(), "sometimes", 64, List.of()))
        .hasMessageContaining("sometimes");
    assertThatThrownBy(() -> new VirtioFs(Optional.empty(), "auto", 63, List.of()))
        .hasMessageContaining("power of two");
  }

  @Test
  void daemonThatFails_saysWhy_andLeavesNoThread() {
    assertThatThrownBy(
            () ->
                VirtioFsDaemon.start(
                    "test",
                    List.of("sh", "-c", "echo no such thing >&2; exit 3"),
                    directory.resolve("s"),
                    Duration.ofSeconds(30)))
        .hasMessageContaining("ended at once: no such thing");
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().equals("kata-virtiofsd-test"));
  }

  @Test
  void daemonThatNeverListens_isEnded() {
    assertThatThrownBy(
            () ->
                VirtioFsDaemon.start(
                    "slow",
                    List.of("sleep", "600"),
                    directory.resolve("s"),
                    Duration.ofMillis(200)))
        .hasMessageContaining("is not ready after 200 ms");
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().equals("kata-virtiofsd-slow"));
  }
}
