package io.katajava.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.Container;
import io.katajava.ErrorCode;
import io.katajava.ExecResult;
import io.katajava.Kata;
import io.katajava.KataException;
import io.katajava.MemorySize;
import io.katajava.Sandbox;
import io.katajava.Volume;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Volumes, injected files and secrets in real guests. */
class VolumeIT {
  @TempDir Path directory;

  private Kata kata() {
    return Kata.builder().stateDirectory(directory.resolve("s")).build();
  }

  @Test
  void hostDirectory_isReadOnlyAndWritableOnesAreCopiedBackOnClose() throws IOException {
    Path input = Files.createDirectories(directory.resolve("input/sub"));
    Files.writeString(input.resolve("a.txt"), "from the host");
    Path outside = Files.writeString(directory.resolve("outside"), "not to be touched");
    Path output = Files.createDirectories(directory.resolve("output"));
    Files.writeString(output.resolve("kept"), "old");
    Files.writeString(output.resolve("changed"), "old");
    Files.writeString(output.resolve("both"), "old");
    Files.createSymbolicLink(output.resolve("link"), outside);
    try (Kata kata = kata();
        Sandbox sandbox = kata.sandbox().start()) {
      try (Container container =
          sandbox
              .container("work")
              .volume("/in", Volume.hostDirectory(input.getParent()))
              .volume("/out", Volume.hostDirectory(output).writable())
              .volume("/mem", Volume.tmpfs(MemorySize.mebibytes(1)))
              .start()) {
        assertThat(sh(container, "cat /in/sub/a.txt").stdoutText()).isEqualTo("from the host");
        assertThat(sh(container, "echo x > /in/sub/a.txt").exitCode()).isNotZero();
        assertThat(sh(container, "touch /in/new").exitCode()).isNotZero();
        assertThat(sh(container, "cat /out/link 2>&1").stdoutText()).doesNotContain("touched");
        assertThat(sh(container, "head -c 3000000 /dev/zero > /mem/x").exitCode()).isNotZero();
        assertThat(sandbox.describe())
            .anySatisfy(
                choice -> {
                  assertThat(choice.what()).isEqualTo("volume " + output);
                  assertThat(choice.chosen()).contains("back on close");
                });
        // What a hostile guest would do: links and names that lead out of the directory.
        sh(
                container,
                "echo new > /out/changed; mkdir /out/d; echo made > /out/d/made; rm /out/link;"
                    + " ln -s "
                    + outside
                    + " /out/escape; ln -s ../outside /out/d/up;"
                    + " mkfifo /out/fifo; rm /out/kept")
            .orThrow();
        Files.writeString(output.resolve("meanwhile"), "from the host");
        Files.writeString(output.resolve("both"), "changed on the host");
      }
      assertThat(Files.readString(output.resolve("changed"))).isEqualTo("new\n");
      assertThat(Files.readString(output.resolve("d/made"))).isEqualTo("made\n");
      assertThat(output.resolve("kept")).doesNotExist();
      assertThat(Files.readString(output.resolve("meanwhile"))).isEqualTo("from the host");
      assertThat(Files.readString(output.resolve("both"))).isEqualTo("changed on the host");
      assertThat(Files.exists(output.resolve("escape"), LinkOption.NOFOLLOW_LINKS)).isFalse();
      assertThat(Files.readString(outside)).isEqualTo("not to be touched");
      assertThat(Files.readString(input.resolve("a.txt"))).isEqualTo("from the host");
      assertThat(sandbox.containers()).isEmpty();
    }
  }

  @Test
  void hostDirectory_whereALinkWasPutMeanwhile_isNotWrittenThrough() throws IOException {
    Path outside = Files.createDirectories(directory.resolve("outside"));
    Path output = Files.createDirectories(directory.resolve("output/d"));
    try (Kata kata = kata();
        Sandbox sandbox = kata.sandbox().start()) {
      Container container =
          sandbox
              .container("work")
              .volume("/out", Volume.hostDirectory(output.getParent()).writable())
              .start();
      sh(container, "echo made > /out/d/made").orThrow();
      Files.delete(output);
      Files.createSymbolicLink(output, outside);
      try {
        container.close();
      } catch (KataException e) {
        assertThat(e.code()).isEqualTo(ErrorCode.COPY_FAILED);
      }
    }
    assertThat(outside).isEmptyDirectory();
  }

  @Test
  void sandbox_closed_copiesBackWhatItsContainersWrote() throws IOException {
    Path output = Files.createDirectories(directory.resolve("output"));
    try (Kata kata = kata();
        Sandbox sandbox = kata.sandbox().start()) {
      Container container =
          sandbox.container("work").volume("/out", Volume.hostDirectory(output).writable()).start();
      sh(container, "echo late > /out/late").orThrow();
    }
    assertThat(Files.readString(output.resolve("late"))).isEqualTo("late\n");
  }

  @Test
  void hostDirectory_thatIsNone_failsBeforeAnythingIsMade() {
    try (Kata kata = kata();
        Sandbox sandbox = kata.sandbox().start()) {
      assertThatThrownBy(
              () ->
                  sandbox
                      .container("work")
                      .volume("/in", Volume.hostDirectory(directory.resolve("missing")))
                      .start())
          .isInstanceOfSatisfying(
              KataException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.HOST_UNSUITABLE))
          .hasMessageContaining("missing");
      assertThat(sandbox.containers()).isEmpty();
    }
  }

  @Test
  void sharedVolume_isSeenByBothContainers() {
    try (Kata kata = kata();
        Sandbox sandbox = kata.sandbox().start();
        Container one = sandbox.container("one").volume("/a", Volume.shared("both")).start();
        Container two = sandbox.container("two").volume("/b", Volume.shared("both")).start()) {
      sh(one, "echo told > /a/x").orThrow();
      assertThat(sh(two, "cat /b/x").stdoutText()).isEqualTo("told\n");
    }
  }

  @Test
  void filesAndSecrets_areThereReadOnlyAndNeverTold() {
    byte[] secret = "hunter2".getBytes(StandardCharsets.UTF_8);
    try (Kata kata = kata();
        Sandbox sandbox = kata.sandbox().start()) {
      var builder =
          sandbox
              .container("work")
              .user("1000:1000")
              .file("/etc/app/settings.conf", "port=1\n".getBytes(StandardCharsets.UTF_8), 0644)
              .secret("/run/secrets/password", secret);
      assertThat(builder.spec().files().injected().toString()).doesNotContain("hunter2");
      assertThat(builder.spec().toString()).doesNotContain("hunter2");
      try (Container container = builder.start()) {
        assertThat(sh(container, "cat /etc/app/settings.conf").stdoutText()).isEqualTo("port=1\n");
        assertThat(sh(container, "cat /run/secrets/password").stdoutText()).isEqualTo("hunter2");
        assertThat(sh(container, "stat -c '%a %u:%g' /run/secrets/password").stdoutText())
            .isEqualTo("400 1000:1000\n");
        assertThat(sh(container, "echo x > /run/secrets/password").exitCode()).isNotZero();
        assertThat(
                container
                    .exec(e -> e.command("cat", "/run/secrets/password").user("1001"))
                    .exitCode())
            .isNotZero();
        assertThat(sandbox.describe().toString() + sandbox.commandLine()).doesNotContain("hunter2");
      }
    }
  }

  private static ExecResult sh(Container container, String script) {
    return container.exec("sh", "-c", script);
  }
}
