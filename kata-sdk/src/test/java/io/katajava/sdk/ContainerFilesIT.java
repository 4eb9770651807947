package io.katajava.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.Container;
import io.katajava.ContainerFiles.CopyOptions;
import io.katajava.ContainerFiles.Links;
import io.katajava.ContainerFiles.Owner;
import io.katajava.ErrorCode;
import io.katajava.Kata;
import io.katajava.KataException;
import io.katajava.MemorySize;
import io.katajava.Sandbox;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files into a container and out of it. */
class ContainerFilesIT {
  @TempDir static Path directory;
  private static Leftovers leftovers;
  private static Kata kata;
  private static Sandbox sandbox;
  private static Container container;

  @TempDir Path host;

  @BeforeAll
  static void start() {
    Path state = directory.resolve("s");
    leftovers = new Leftovers(state);
    kata = Kata.builder().stateDirectory(state).build();
    sandbox = kata.sandbox().start();
    container = sandbox.defaultContainer();
  }

  @AfterAll
  static void closeLeavesNothing() {
    kata.close();
    leftovers.assertNone();
  }

  private static String shell(String script) {
    return container.exec("sh", "-c", script).orThrow().stdoutText().strip();
  }

  @Test
  void tree_inAndOut_isTheSame() throws Exception {
    byte[] random = new byte[3 << 20];
    new Random(7).nextBytes(random);
    Path tree = Files.createDirectories(host.resolve("tree/a/b"));
    Files.write(tree.resolve("big"), random);
    Files.writeString(host.resolve("tree/a/script"), "#!/bin/sh\n");
    Files.setPosixFilePermissions(
        host.resolve("tree/a/script"), PosixFilePermissions.fromString("rwxr-x---"));
    Files.createSymbolicLink(host.resolve("tree/link"), Path.of("a/script"));
    Files.writeString(host.resolve("tree/a/" + "n".repeat(180)), "long");

    container
        .files()
        .copyIn(
            host.resolve("tree"),
            "/srv/deep/tree",
            new CopyOptions(Optional.of(new Owner(1000, 1001)), Links.REFUSE));

    assertThat(shell("stat -c '%a %u:%g' /srv/deep/tree/a/script; readlink /srv/deep/tree/link"))
        .isEqualTo("750 1000:1001\na/script");
    container.files().copyOut("/srv/deep/tree", host.resolve("back"));
    assertThat(host.resolve("back/a/b/big")).hasBinaryContent(random);
    assertThat(host.resolve("back/a/" + "n".repeat(180))).hasContent("long");
    assertThat(Files.readSymbolicLink(host.resolve("back/link"))).isEqualTo(Path.of("a/script"));
    assertThat(
            PosixFilePermissions.toString(
                Files.getPosixFilePermissions(host.resolve("back/a/script"))))
        .isEqualTo("rwxr-x---");
  }

  @Test
  void file_writtenAndRead_andCopiedUnderAnotherName() {
    byte[] content = "hello\n".getBytes(StandardCharsets.UTF_8);
    container.files().write("/etc/new/greeting", content, 0640);

    assertThat(shell("cat /etc/new/greeting; stat -c %a /etc/new/greeting"))
        .isEqualTo("hello\n640");
    assertThat(container.files().read("/etc/new/greeting", MemorySize.kibibytes(1)))
        .isEqualTo(content);
    container.files().copyOut("/etc/new/greeting", host.resolve("other"));
    assertThat(host.resolve("other")).hasContent("hello\n");
    container.files().copyIn(host.resolve("other"), "/etc/third");
    assertThat(shell("cat /etc/third")).isEqualTo("hello");
  }

  @Test
  void sparseFile_staysSparseInside() throws Exception {
    byte[] sparse = new byte[16 << 20];
    sparse[9 << 20] = 1;
    container.files().write("/tmp/sparse", new ByteArrayInputStream(sparse), sparse.length, 0600);

    String[] sizes = shell("stat -c '%s %b' /tmp/sparse").split(" ", 2);
    assertThat(sizes[0]).isEqualTo(Integer.toString(sparse.length));
    assertThat(Integer.parseInt(sizes[1]) * 512).isLessThan(1 << 20);
    assertThat(container.files().read("/tmp/sparse", MemorySize.mebibytes(16))).isEqualTo(sparse);
  }

  @Test
  void mounts_areSeenAsTheContainerSeesThem_evenBeforeItsStart() {
    try (Container other =
        sandbox
            .container("early")
            .command("cat", "/scratch/f")
            .tmpfs("/scratch", MemorySize.mebibytes(1))
            .keepLog(MemorySize.kibibytes(8))
            .create()) {
      other.files().write("/scratch/f", "early".getBytes(StandardCharsets.UTF_8), 0644);
      other.start();
      other.mainProcess().waitFor();

      assertThat(
              Leftovers.within(
                  java.time.Duration.ofSeconds(60),
                  () -> other.log().lines().stream().anyMatch(l -> l.text().equals("early"))))
          .isTrue();
    }
  }

  @Test
  void archives_streamThrough() throws Exception {
    shell("mkdir -p /var/t/x && echo 1 > /var/t/x/one");
    ByteArrayOutputStream archive = new ByteArrayOutputStream();
    container.files().archive("/var/t", archive);
    container.files().extract(new ByteArrayInputStream(archive.toByteArray()), "/var/copy/of/it");

    assertThat(shell("cat /var/copy/of/it/x/one")).isEqualTo("1");
  }

  @Test
  void hostileArchive_doesNotLeaveItsDirectoryInside() throws Exception {
    shell("mkdir -p /hostile && ln -s /etc /hostile/l && echo safe > /etc/victim");
    ByteArrayOutputStream archive = new ByteArrayOutputStream();
    shell("mkdir -p /tmp/src/l && echo bad > /tmp/src/l/victim");
    container.files().archive("/tmp/src", archive);

    assertThatThrownBy(
            () ->
                container
                    .files()
                    .extract(new ByteArrayInputStream(archive.toByteArray()), "/hostile"))
        .isInstanceOf(java.io.IOException.class);
    assertThat(shell("cat /etc/victim")).isEqualTo("safe");
  }

  @Test
  void linkThatLeadsOut_isRefusedOnTheHost() {
    shell("mkdir -p /links && ln -s /etc/shadow /links/s && echo x > /links/f");

    assertThatThrownBy(() -> container.files().copyOut("/links", host.resolve("links")))
        .isInstanceOfSatisfying(
            KataException.class,
            e -> {
              assertThat(e.code()).isEqualTo(ErrorCode.COPY_FAILED);
              assertThat(e).hasMessageContaining("/etc/shadow");
            });
    container
        .files()
        .copyOut("/links", host.resolve("links"), new CopyOptions(Optional.empty(), Links.SKIP));
    assertThat(host.resolve("links")).isDirectoryNotContaining("glob:**/s");
    assertThat(host.resolve("links/f")).hasContent("x");
  }

  @Test
  void link_isReadAsTheContainerResolvesIt_andNeverOnTheHost() throws Exception {
    Path secret = Files.writeString(host.resolve("credentials"), "secret of the host");
    shell(
        "mkdir -p /read/d && echo inside > /read/d/real && ln -s d/real /read/b && ln -s "
            + secret
            + " /read/absolute && ln -s credentials /read/result && ln -s ../../../../../read/b"
            + " /read/up && ln -s loop /read/loop");

    for (String path : new String[] {"/read/b", "/read/up"}) {
      assertThat(container.files().read(path, MemorySize.kibibytes(1)))
          .asString()
          .isEqualTo("inside\n");
    }
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    container.files().read("/read/b", content);
    assertThat(content).hasToString("inside\n");
    for (String path : new String[] {"/read/absolute", "/read/result", "/read/loop"}) {
      assertThatThrownBy(() -> container.files().read(path, MemorySize.kibibytes(1)))
          .isInstanceOfSatisfying(
              KataException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.COPY_FAILED));
    }
    assertThatThrownBy(() -> container.files().copyOut("/read/result", host.resolve("result")))
        .isInstanceOf(KataException.class)
        .hasMessageContaining("leads out");
    assertThat(host.resolve("result")).doesNotExist();
  }

  @Test
  void modesTimesPipesHardLinksAndBytesOfNames_arriveInside() throws Exception {
    String look = "stat -c '%a %Y %h %n' ./* | od -An -c";
    Path tree = Files.createDirectory(host.resolve("odd"));
    Process made =
        new ProcessBuilder(
                "sh",
                "-c",
                "mkdir tmp shared; chmod 1777 tmp; chmod 2775 shared; echo x > su; chmod 4755 su;"
                    + " ln su two; mkfifo pipe; printf b > \"$(printf 'l\\351')\"; touch -d"
                    + " @1000000000 tmp shared su pipe l*; touch -d 1950-01-01 old; LC_ALL=C "
                    + look)
            .directory(tree.toFile())
            .redirectErrorStream(true)
            .start();
    String expected = new String(made.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    container.files().copyIn(tree, "/odd");

    assertThat(container.exec("sh", "-c", "cd /odd; " + look).stdoutText()).isEqualTo(expected);
    shell("rm -r /odd");
  }

  @Test
  void missingSource_isNamed() {
    assertThatThrownBy(() -> container.files().copyOut("/no/such", host.resolve("x")))
        .isInstanceOf(KataException.class)
        .hasMessageContaining("No such file");
    assertThatThrownBy(() -> container.files().copyIn(host.resolve("none"), "/x"))
        .isInstanceOf(KataException.class)
        .hasMessageContaining("none");
    assertThatThrownBy(() -> container.files().read("/etc", MemorySize.kibibytes(1)))
        .isInstanceOf(KataException.class)
        .hasMessageContaining("not a regular file");
  }

  @Test
  void containerThatHasEnded_stillGivesAndTakesFiles() throws Exception {
    try (Container job =
        sandbox
            .container("ended")
            .command("sh", "-c", "echo on root > /r; echo on tmpfs > /tmp/t; echo shared > /data/d")
            .user("1000:1000")
            .tmpfs("/tmp", MemorySize.mebibytes(4))
            .emptyDirectory("ended", "/data")
            .create()) {
      job.files().write("/r", new byte[0], 0666);
      job.start();
      job.mainProcess().waitFor();

      assertThat(job.files().read("/r", MemorySize.kibibytes(1))).asString().contains("on root");
      assertThat(job.files().read("/tmp/t", MemorySize.kibibytes(1)))
          .asString()
          .contains("on tmpfs");
      job.files().copyOut("/data", host.resolve("data"));
      assertThat(host.resolve("data/d")).hasContent("shared");
      job.files().write("/late", "late".getBytes(StandardCharsets.UTF_8), 0600);
      job.start();
      job.mainProcess().waitFor();
      assertThat(job.files().read("/late", MemorySize.kibibytes(1))).asString().isEqualTo("late");
    }
  }

  /** The guest has 256 MiB: neither its memory nor the way there would hold the zeros. */
  @Test
  void gibibyteOfHoles_inAndOut_isTheSame() throws Exception {
    long size = 1L << 30;
    Path file = host.resolve("sparse");
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE,
            StandardOpenOption.SPARSE)) {
      for (long at : new long[] {0, size / 2, size - 5}) {
        channel.write(ByteBuffer.wrap("words".getBytes(StandardCharsets.US_ASCII)), at);
      }
    }
    container.files().copyIn(file, "/sparse");
    assertThat(shell("stat -c %s /sparse")).isEqualTo(Long.toString(size));
    assertThat(Integer.parseInt(shell("du -k /sparse | cut -f1"))).isLessThan(1024);
    assertThat(shell("tail -c 5 /sparse; dd if=/sparse bs=1M skip=512 count=1 | head -c 5"))
        .isEqualTo("wordswords");

    Path back = host.resolve("back");
    container.files().copyOut("/sparse", back);
    assertThat(Files.mismatch(file, back)).isEqualTo(-1);
    assertThat((long) Files.getAttribute(back, "unix:size")).isEqualTo(size);
    shell("rm /sparse");
  }
}
