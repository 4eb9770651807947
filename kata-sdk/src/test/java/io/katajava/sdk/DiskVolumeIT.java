package io.katajava.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.BirthPolicy;
import io.katajava.Container;
import io.katajava.DiskInfo;
import io.katajava.ErrorCode;
import io.katajava.ExecResult;
import io.katajava.Kata;
import io.katajava.KataDirectories;
import io.katajava.KataException;
import io.katajava.MemorySize;
import io.katajava.Sandbox;
import io.katajava.Volume;
import io.katajava.WritableLayer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Volumes and writable layers on disks in real guests. */
class DiskVolumeIT {
  private static final MemorySize SIZE = MemorySize.mebibytes(64);

  @TempDir Path directory;

  private Kata kata() {
    return Kata.builder()
        .stateDirectory(directory.resolve("s"))
        .dataDirectory(directory.resolve("d"))
        .build();
  }

  private static ExecResult sh(Container container, String script) {
    return container.exec("sh", "-c", script);
  }

  @Test
  void namedDisk_outlivesItsSandbox_andIsShared_andHasOneMachineAtATime() {
    try (Kata kata = kata()) {
      try (Sandbox sandbox = kata.sandbox().birth(BirthPolicy.COLD).start()) {
        Container one = sandbox.container("one").volume("/data", Volume.disk("db", SIZE)).start();
        Container two = sandbox.container("two").volume("/db", Volume.disk("db", SIZE)).start();
        assertThat(sh(one, "ls -a /data | wc -l").stdoutText().strip()).isEqualTo("2");
        // Not fsynced, and the sandbox is closed without its guest's shutdown otherwise.
        sh(one, "head -c 20000000 /dev/urandom > /data/big; md5sum < /data/big > /data/sum")
            .orThrow();
        assertThat(sh(two, "md5sum < /db/big").stdoutText())
            .isEqualTo(sh(one, "cat /data/sum").stdoutText());
        assertThat(sh(one, "grep -c /data /proc/mounts").stdoutText().strip()).isEqualTo("1");
        assertThat(sandbox.describe())
            .anySatisfy(choice -> assertThat(choice.toString()).contains("volume db"));
        try (Sandbox other = kata.sandbox().start()) {
          assertThatThrownBy(
                  () -> other.container("x").volume("/d", Volume.disk("db", SIZE)).start())
              .isInstanceOfSatisfying(
                  KataException.class,
                  e -> {
                    assertThat(e.code()).isEqualTo(ErrorCode.HOST_UNSUITABLE);
                    assertThat(e.remedy())
                        .hasValueSatisfying(r -> assertThat(r).contains("Another machine"));
                  });
          assertThat(other.exec("echo", "goes on").stdoutText()).isEqualTo("goes on\n");
        }
      }
      DiskInfo info = kata.disks().list().get(0);
      assertThat(info.name()).isEqualTo("db");
      assertThat(info.size()).isEqualTo(SIZE);
      assertThat(info.used()).isLessThan(MemorySize.mebibytes(40));
      try (Sandbox sandbox = kata.sandbox().start();
          Container again =
              sandbox.container("a").volume("/data", Volume.disk("db", SIZE).readOnly()).start()) {
        assertThat(sh(again, "md5sum < /data/big").stdoutText())
            .isEqualTo(sh(again, "cat /data/sum").stdoutText());
        assertThat(sh(again, "touch /data/x").exitCode()).isNotZero();
      }
      assertThat(kata.disks().remove("db")).isTrue();
      assertThat(kata.disks().list()).isEmpty();
    }
  }

  @Test
  void newDisk_belongsToTheContainersUserOrWhoIsNamed_andGrowsAndNeverShrinks() {
    try (Kata kata = kata()) {
      try (Sandbox sandbox = kata.sandbox().start()) {
        Container container =
            sandbox
                .container("one")
                .user("1000:1001")
                .volume("/own", Volume.disk("own", SIZE))
                .volume("/other", Volume.disk("other", SIZE).ownedBy(7, 8))
                .start();
        assertThat(
                sh(container, "echo mine > /own/f; stat -c %u:%g /own /own/f /other").stdoutText())
            .isEqualTo("1000:1001\n1000:1001\n7:8\n");
        assertThatThrownBy(
                () ->
                    sandbox
                        .container("two")
                        .volume("/d", Volume.disk("own", MemorySize.mebibytes(96)))
                        .start())
            .hasMessageContaining("in use");
      }
      try (Sandbox sandbox = kata.sandbox().start()) {
        assertThatThrownBy(
                () ->
                    sandbox
                        .container("two")
                        .volume("/d", Volume.disk("own", MemorySize.mebibytes(32)))
                        .start())
            .hasMessageContaining("cannot be made smaller");
        Container container =
            sandbox
                .container("three")
                .volume("/d", Volume.disk("own", MemorySize.mebibytes(128)))
                .volume("/same", Volume.disk("other"))
                .start();
        assertThat(sh(container, "cat /d/f").stdoutText()).isEqualTo("mine\n");
        sh(container, "head -c 90000000 /dev/zero > /d/zeros").orThrow();
      }
      assertThat(kata.disks().list())
          .extracting(DiskInfo::size)
          .containsExactly(SIZE, MemorySize.mebibytes(128));
    }
  }

  @Test
  void writableLayer_holdsWhatItIsGiven_andNoMore_andLeavesNothing() throws IOException {
    Path scratch = KataDirectories.fromEnvironment().cache().resolve("scratch");
    try (Kata kata = kata();
        Sandbox sandbox = kata.sandbox().start()) {
      Container small =
          sandbox
              .container("small")
              .writableLayer(WritableLayer.memory(MemorySize.mebibytes(4)))
              .start();
      assertThat(sh(small, "head -c 2000000 /dev/zero > /a").exitCode()).isZero();
      ExecResult full = sh(small, "dd if=/dev/zero of=/b bs=1000000 count=9");
      assertThat(full.exitCode()).isNotZero();
      assertThat(full.stderrText()).contains("No space left");

      Container large =
          sandbox
              .container("large")
              .writableLayer(WritableLayer.disk(MemorySize.mebibytes(400)))
              .start();
      // More than the guest has memory for.
      sh(
              large,
              "head -c 300000000 /dev/zero > /big; chown 7:8 /big; rm /etc/hostname.x 2>&1; ls -l /big")
          .orThrow();
      assertThat(sh(large, "stat -c %s:%u:%g /big").stdoutText().strip())
          .isEqualTo("300000000:7:8");
      assertThat(sandbox.describe().toString()).contains("on a disk of 400 MiB");
      try (Stream<Path> left = Files.list(scratch)) {
        assertThat(left).isEmpty();
      }
    }
    try (Stream<Path> left = Files.list(scratch)) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void diskImage_isWhatIsInTheFile_whoeverMadeIt() throws Exception {
    Path tree = Files.createDirectories(directory.resolve("tree"));
    Files.writeString(tree.resolve("hello"), "from a file system\n");
    Path image = directory.resolve("image");
    Process made =
        new ProcessBuilder(
                "mksquashfs", tree.toString(), image.toString(), "-quiet", "-no-progress")
            .redirectErrorStream(true)
            .start();
    assertThat(new String(made.getInputStream().readAllBytes(), StandardCharsets.UTF_8)).isEmpty();
    assertThat(made.waitFor()).isZero();
    try (Kata kata = kata();
        Sandbox sandbox = kata.sandbox().start();
        Sandbox other = kata.sandbox().start()) {
      for (Sandbox each : List.of(sandbox, other)) {
        Container container =
            each.container("c").volume("/i", Volume.diskImage(image, "squashfs")).start();
        assertThat(container.exec("cat", "/i/hello").stdoutText())
            .isEqualTo("from a file system\n");
        assertThat(sh(container, "touch /i/x").exitCode()).isNotZero();
      }
      assertThatThrownBy(
              () ->
                  sandbox
                      .container("none")
                      .volume(
                          "/n", Volume.diskImage(directory.resolve("absent"), "ext4").writable())
                      .start())
          .isInstanceOf(KataException.class)
          .hasMessageContaining("absent");
    }
  }
}
