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
  void hostDirectory_belongsInsideToWhomItBelongsOnTheHost_alsoByALink() throws IOException {
    Path owned = Files.createDirectories(directory.resolve("owned"));
    Path file = Files.writeString(owned.resolve("f"), "mine\n");
    int uid = (Integer) Files.getAttribute(owned, "unix:uid");
    if (uid == 0) {
      uid = 1234;
      Files.setAttribute(owned, "unix:uid", uid);
      Files.setAttribute(file, "unix:uid", uid);
    }
    Path link = Files.createSymbolicLink(directory.resolve("link"), Path.of("owned"));
    try (Kata kata = kata();
        Sandbox sandbox = kata.sandbox().start();
        Container container =
            sandbox
                .container("work")
                .user(uid + ":" + uid)
                .volume("/v", Volume.hostDirectory(link).writable())
                .start()) {
      assertThat(sh(container, "echo more >> /v/f && echo new > /v/new && stat -c %u /v/f"))
          .satisfies(result -> assertThat(result.stderrText()).isEmpty())
          .extracting(result -> result.stdoutText().strip())
          .isEqualTo("" + uid);
    }
    assertThat(Files.readString(file)).isEqualTo("mine\nmore\n");
    for (String name : new String[] {"f", "new"}) {
      assertThat(Files.getAttribute(owned.resolve(name), "unix:uid")).isEqualTo(uid);
    }
  }

  @Test
  void namesThatAreNoText_comeBackAsTheyWere() throws Exception {
    Path output = Files.createDirectories(directory.resolve("output"));
    hostShell(output, "printf one > \"$(printf 'l\\351')\"; printf two > \"$(printf 'l\\350')\"");
    String before = hostShell(output, "stat -c '%i %Y' * ; ls | od -An -c");
    try (Kata kata = kata();
        Sandbox sandbox = kata.sandbox().start();
        Container container =
            sandbox
                .container("work")
                .volume("/out", Volume.hostDirectory(output).writable())
                .start()) {
      sh(container, "cd /out && ls | od -An -c && echo x > \"$(printf 'n\\377')\"").orThrow();
    }
    assertThat(hostShell(output, "cat n*; rm n*")).isEqualTo("x\n");
    assertThat(hostShell(output, "stat -c '%i %Y' * ; ls | od -An -c")).isEqualTo(before);
  }

  private static String hostShell(Path where, String script) throws Exception {
    Process shell =
        new ProcessBuilder("sh", "-c", script)
            .directory(where.toFile())
            .redirectErrorStream(true)
            .start();
    String said = new String(shell.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    assertThat(shell.waitFor()).as(said).isZero();
    return said;
  }

  @Test
  void whateverOneEntryBecomes_theOthersAreCopiedBack_andWhatCannotBeIsNamed() throws Exception {
    Path output = Files.createDirectories(directory.resolve("output"));
    Files.createDirectory(output.resolve("d"));
    Files.writeString(output.resolve("d/x"), "x");
    Files.createDirectory(output.resolve("held"));
    Files.writeString(output.resolve("f"), "f");
    Files.writeString(output.resolve("untouched"), "u");
    Files.createLink(output.resolve("hard"), output.resolve("untouched"));
    Files.setAttribute(output.resolve("untouched"), "unix:mode", 04755);
    String untouched = hostShell(output, "stat -c '%i %a %u %h %y %z' untouched hard");
    try (Kata kata = kata();
        Sandbox sandbox = kata.sandbox().start()) {
      Container container =
          sandbox.container("work").volume("/out", Volume.hostDirectory(output).writable()).start();
      sh(
              container,
              "cd /out && rm -r d f held && ln -s untouched d && mkdir -p f/sub && echo y > f/sub/y"
                  + " && echo file > held && echo result > result && mkfifo pipe")
          .orThrow();
      Files.writeString(output.resolve("held/by-the-host"), "in the way");
      assertThatThrownBy(container::close)
          .isInstanceOfSatisfying(
              KataException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.COPY_FAILED))
          .hasMessageContaining("held")
          .hasMessageContaining("all others were");
      assertThat(sandbox.containers()).isEmpty();
    }
    assertThat(Files.readSymbolicLink(output.resolve("d"))).isEqualTo(Path.of("untouched"));
    assertThat(output.resolve("f/sub/y")).hasContent("y\n");
    assertThat(output.resolve("result")).hasContent("result\n");
    assertThat(output.resolve("held/by-the-host")).hasContent("in the way");
    assertThat(hostShell(output, "stat -c '%i %a %u %h %y %z' untouched hard"))
        .isEqualTo(untouched);
  }

  @Test
  void directoryThatIsAnotherOneByThen_getsNothing() throws Exception {
    Path output = Files.createDirectories(directory.resolve("output"));
    try (Kata kata = kata();
        Sandbox sandbox = kata.sandbox().start()) {
      Container container =
          sandbox.container("work").volume("/out", Volume.hostDirectory(output).writable()).start();
      sh(container, "echo x > /out/x").orThrow();
      Files.move(output, directory.resolve("moved"));
      Files.createDirectory(output);
      assertThatThrownBy(container::close).hasMessageContaining("another directory");
    }
    assertThat(output).isEmptyDirectory();
  }

  @Test
  void fileWithABitToExecute_canBeExecuted() {
    byte[] script = "#!/bin/sh\necho ran\n".getBytes(StandardCharsets.UTF_8);
    try (Kata kata = kata();
        Sandbox sandbox = kata.sandbox().start();
        Container container =
            sandbox
                .container("work")
                .file("/w/run", script, 0755)
                .file("/w/text", script, 0644)
                .start()) {
      assertThat(container.exec("/w/run").stdoutText()).isEqualTo("ran\n");
      assertThat(sh(container, "grep -c '/w/text.*noexec' /proc/mounts").stdoutText())
          .isEqualTo("1\n");
    }
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
