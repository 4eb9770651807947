package io.katajava.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.katajava.Choice;
import io.katajava.Container;
import io.katajava.ErrorCode;
import io.katajava.Kata;
import io.katajava.KataException;
import io.katajava.ProgressListener;
import io.katajava.Sandbox;
import io.katajava.image.ImageReference;
import io.katajava.image.ImageRootfsProvider;
import io.katajava.image.ImageStore;
import io.katajava.image.testing.LayerBuilder;
import io.katajava.image.testing.LayoutBuilder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Containers of images made of the host's static busybox. */
class ImageIT {
  private static final String APP = "example.org/app:1";
  private static final String OTHER = "example.org/other:1";

  @TempDir static Path directory;
  private static Leftovers leftovers;
  private static Kata kata;
  private static Sandbox sandbox;

  private static LayerBuilder base() throws Exception {
    return new LayerBuilder()
        .busybox("sh", "cat", "ls", "id", "echo", "stat", "pwd", "env", "sleep", "rm", "grep")
        .directory("etc")
        .file("etc/passwd", "root:x:0:0::/root:/bin/sh\napp:x:1234:500:An app:/srv:/bin/sh\n")
        .file("etc/group", "root:x:0:\nweb:x:77:app\napps:x:500:\n")
        .directory("srv")
        .file("srv/gone", "lower")
        .file("srv/kept", 0640, 1234, 500, "kept".getBytes(StandardCharsets.UTF_8))
        .hardLink("srv/same", "srv/kept")
        .directory("srv/closed")
        .file("srv/closed/lower", "lower")
        .character("srv/zero", 1, 5)
        .pax(Map.of("SCHILY.xattr.user.note", "of the image"))
        .file("srv/noted", "");
  }

  @BeforeAll
  static void start() throws Exception {
    // QEMU runs as another user, to whom the directory is open.
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    ImageStore store = ImageStore.builder().directory(directory.resolve("images")).build();
    Path app =
        new LayoutBuilder()
            .layer(base())
            .layer(
                new LayerBuilder()
                    .directory("srv")
                    .whiteout("srv/gone")
                    .file("srv/added", "upper")
                    .directory("srv/closed")
                    .opaque("srv/closed")
                    .file("srv/closed/upper", "upper"))
            .config(
                "{\"Entrypoint\":[\"/bin/sh\",\"-c\"],\"Cmd\":[\"echo image; exec sleep 1000\"],"
                    + "\"Env\":[\"GREETING=hello there\",\"PATH=/bin\"],\"WorkingDir\":\"/srv\","
                    + "\"User\":\"app\",\"StopSignal\":\"SIGUSR1\"}")
            .writeTo(directory.resolve("app"), APP);
    store.importFrom(app, null, ProgressListener.NONE);
    LayoutBuilder many = new LayoutBuilder().layer(base());
    for (int i = 0; i < 30; i++) {
      many.layer(
          new LayerBuilder().directory("srv").file("srv/" + i, "x").whiteout("srv/" + (i - 1)));
    }
    store.importFrom(many.writeTo(directory.resolve("other"), OTHER), null, ProgressListener.NONE);

    Path state = directory.resolve("s");
    leftovers = new Leftovers(state);
    kata = Kata.builder().stateDirectory(state).rootfs(new ImageRootfsProvider(store)).build();
    sandbox = kata.sandbox().image(APP).start();
  }

  @AfterAll
  static void closeLeavesNothing() {
    kata.close();
    leftovers.assertNone();
  }

  private static String shell(String script) {
    return sandbox.exec("sh", "-c", script).orThrow().stdoutText().strip();
  }

  @Test
  void configuration_ofImage_applies() {
    assertThat(shell("pwd; echo $GREETING; id -u; id -g; id -G"))
        .isEqualTo("/srv\nhello there\n1234\n500\n500 77");
  }

  @Test
  void layers_areStacked() {
    assertThat(shell("ls /srv; ls /srv/closed; cat added"))
        .isEqualTo("added\nclosed\nkept\nnoted\nsame\nzero\nupper\nupper");
    assertThat(
            shell("stat -c '%a %u:%g %h' kept; stat -c %i kept; stat -c %i same").lines().toList())
        .satisfies(
            lines -> {
              assertThat(lines.get(0)).isEqualTo("640 1234:500 2");
              assertThat(lines.get(1)).isEqualTo(lines.get(2));
            });
    assertThat(shell("stat -c '%F %t:%T' zero")).isEqualTo("character special file 1:5");
  }

  @Test
  void writableLayer_ofEachContainer_isItsOwn() {
    assertThat(
            sandbox
                .exec(
                    e ->
                        e.command("sh", "-c", "echo new >/etc/new; rm /srv/kept; ls /etc")
                            .user("0"))
                .orThrow()
                .stdoutText())
        .contains("new\n");
    try (Container second =
        sandbox.container("second").image(APP).user("root").command("exec sleep 1000").start()) {
      assertThat(second.exec("ls", "/etc", "/srv").orThrow().stdoutText())
          .doesNotContain("new")
          .contains("kept");
    }
    assertThat(sandbox.exec("cat", "/etc/new").orThrow().stdoutText()).isEqualTo("new\n");
  }

  @Test
  void settingsOfContainer_winOverTheImages() throws Exception {
    try (Container own =
        sandbox
            .container("own")
            .image(APP)
            .entrypoint("/bin/echo", "own")
            .command("arguments")
            .env("GREETING", "mine")
            .workdir("/etc")
            .user("0:77")
            .start()) {
      try (var out = own.mainProcess().stdout()) {
        assertThat(new String(out.readAllBytes(), StandardCharsets.UTF_8))
            .isEqualTo("own arguments\n");
      }
    }
    try (Container number = sandbox.container("number").image(APP).user("1234").start()) {
      assertThat(number.exec("id", "-g").orThrow().stdoutText()).isEqualTo("500\n");
    }
  }

  @Test
  void stop_sendsTheImagesSignal() {
    try (Container trap =
        sandbox
            .container("trap")
            .image(APP)
            .entrypoint("/bin/sh", "-c", "trap 'exit 7' USR1; while :; do sleep 1 & wait; done")
            .start()) {
      // The trap is set when the shell has gone to its loop, of which this is the sign.
      while (!trap.exec("sh", "-c", "grep -q sleep /proc/[0-9]*/comm").isSuccess()) {
        Thread.onSpinWait();
      }
      trap.stop(Duration.ofSeconds(30));
      assertThat(trap.mainProcess().waitFor()).isEqualTo(new io.katajava.ExecOutcome.Exited(7));
    }
  }

  @Test
  void thirtyLayers_areOneTree() {
    try (Container many = sandbox.container("many").image(OTHER).command("sleep", "1000").start()) {
      assertThat(many.exec("ls", "/srv").orThrow().stdoutText())
          .isEqualTo("29\nclosed\ngone\nkept\nnoted\nsame\nzero\n");
    }
    assertThat(sandbox.describe())
        .extracting(Choice::toString)
        .anyMatch(
            text -> text.contains("example.org/app:1") && text.contains("2 layers on 2 disks"));
  }

  @Test
  void image_ofNobody_isRefusedWithTheReason() {
    assertThatExceptionOfType(KataException.class)
        .isThrownBy(() -> sandbox.container("none").image("No such image").create())
        .withMessageContaining("is not an image reference")
        .matches(e -> e.code() == ErrorCode.ROOTFS_UNAVAILABLE);
    assertThatExceptionOfType(KataException.class)
        .isThrownBy(() -> sandbox.container("none").image("localhost:1/nobody").create())
        .withMessageContaining("cannot pull localhost:1/nobody:latest")
        .matches(e -> e.code() == ErrorCode.IMAGE_PULL_FAILED);
    assertThat(ImageReference.parse("nobody")).isNotNull();
  }
}
