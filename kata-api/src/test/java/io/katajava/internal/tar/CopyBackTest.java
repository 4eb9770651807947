package io.katajava.internal.tar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.internal.tree.BytePath;
import io.katajava.internal.tree.OpenDirectory;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a copy back does to a directory that it was copied from; the test plays the guest. */
class CopyBackTest {
  private static final long LONG_AGO = 1_700_000_000;
  private static final Instant COPIED = Instant.ofEpochSecond(LONG_AGO);
  private static final Instant LATER = COPIED.plusNanos(5_000_000_001L);

  @TempDir Path directory;
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final TarWriter archive = new TarWriter(bytes);
  private Path target;
  private HostSnapshot before = new HostSnapshot();
  private int uid;
  private int gid;

  @BeforeEach
  void makeTarget() throws IOException {
    target = Files.createDirectories(directory.resolve("target"));
    uid = (int) Files.getAttribute(target, "unix:uid");
    gid = (int) Files.getAttribute(target, "unix:gid");
    write(target.resolve("kept"), "old");
    write(Files.createDirectories(target.resolve("d/e")).resolve("deep"), "old");
    Files.createSymbolicLink(target.resolve("link"), Path.of("kept"));
    for (String dir : List.of("d/e", "d", ".")) {
      Files.setLastModifiedTime(target.resolve(dir), FileTime.from(LONG_AGO, TimeUnit.SECONDS));
    }
  }

  private static void write(Path file, String text) throws IOException {
    Files.writeString(file, text);
    Files.setLastModifiedTime(file, FileTime.from(LONG_AGO, TimeUnit.SECONDS));
  }

  private byte[] copyIn() throws IOException {
    before = new HostSnapshot();
    ByteArrayOutputStream copied = new ByteArrayOutputStream();
    try (OpenDirectory root = OpenDirectory.of(target)) {
      new HostSource(new TarWriter(copied), true).noting(before).pack(root);
    }
    return copied.toByteArray();
  }

  private void guestHas(String name, TarEntry.Type type, int mode, Instant modified, String link)
      throws IOException {
    archive.entry(
        new TarEntry(BytePath.of(name), type, mode, uid, gid, 0, modified, BytePath.of(link)));
  }

  private void guestHasFile(String name, String content, Instant modified) throws IOException {
    guestHasFile(name, content, modified, 0644);
  }

  private void guestHasFile(String name, String content, Instant modified, int mode)
      throws IOException {
    byte[] data = content.getBytes(StandardCharsets.UTF_8);
    archive.entry(
        new TarEntry(
            BytePath.of(name),
            TarEntry.Type.FILE,
            mode,
            uid,
            gid,
            data.length,
            modified,
            BytePath.of("")));
    archive.content(new ByteArrayInputStream(data), data.length);
  }

  private void guestHasDirectory(String name) throws IOException {
    guestHas(name, TarEntry.Type.DIRECTORY, 0755, COPIED, "");
  }

  private void copyBack() throws IOException {
    archive.finish();
    copyBack(bytes.toByteArray());
  }

  private void copyBack(byte[] guest) throws IOException {
    try (OpenDirectory root = OpenDirectory.of(target)) {
      CopyBack back = new CopyBack(root, before);
      back.take(new TarReader(new ByteArrayInputStream(guest)));
      back.finish();
    }
  }

  /** All that stat(2) tells of everything but when it was looked at. */
  private Map<String, String> state() throws IOException {
    Map<String, String> all = new TreeMap<>();
    try (var files = Files.walk(target)) {
      for (Path file : files.toList()) {
        Map<String, Object> found =
            Files.readAttributes(
                file,
                "unix:ino,mode,uid,gid,nlink,size,ctime,lastModifiedTime",
                LinkOption.NOFOLLOW_LINKS);
        all.put(target.relativize(file).toString(), new TreeMap<>(found).toString());
      }
    }
    return all;
  }

  @Test
  void whatNobodyTouched_isNotEvenChangedToTheSame() throws IOException {
    Files.setAttribute(target.resolve("kept"), "unix:mode", 04755);
    Files.createLink(target.resolve("hard"), target.resolve("d/e/deep"));
    Files.setAttribute(Files.createDirectory(target.resolve("sticky")), "unix:mode", 03777);
    Files.createSymbolicLink(target.resolve("away"), Path.of("/etc/../../etc/passwd"));
    mkfifo("pipe");
    Files.setLastModifiedTime(target, FileTime.from(LONG_AGO * 1000 + 123, TimeUnit.MILLISECONDS));
    Map<String, String> was = state();
    byte[] guest = copyIn();

    copyBack(guest);

    assertThat(state()).isEqualTo(was);
  }

  private void mkfifo(String name) throws IOException {
    try {
      int status = new ProcessBuilder("mkfifo", target.resolve(name).toString()).start().waitFor();
      assertThat(status).isZero();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void whatTheGuestDeleted_isGone() throws IOException {
    copyIn();
    guestHasDirectory(".");
    guestHasFile("new", "made in the guest", LATER);

    copyBack();

    assertThat(target.resolve("new")).hasContent("made in the guest");
    try (var left = Files.list(target)) {
      assertThat(left).hasSize(1);
    }
  }

  @Test
  void whatTheHostMadeOrChangedMeanwhile_stays() throws IOException {
    copyIn();
    guestHasDirectory(".");
    Files.writeString(target.resolve("d/meanwhile"), "host");
    Files.writeString(target.resolve("kept"), "changed on the host");

    copyBack();

    assertThat(target.resolve("d/meanwhile")).hasContent("host");
    assertThat(target.resolve("kept")).hasContent("changed on the host");
    assertThat(target.resolve("d/e")).doesNotExist();
  }

  @Test
  void fileChangedOnTheHostAlone_isNotOverwritten_butOneChangedInTheGuestIs() throws IOException {
    copyIn();
    Files.writeString(target.resolve("kept"), "changed on the host");
    Files.writeString(target.resolve("d/e/deep"), "changed on the host");
    guestHasFile("kept", "old", COPIED);
    guestHasFile("d/e/deep", "new", LATER);

    copyBack();

    assertThat(target.resolve("kept")).hasContent("changed on the host");
    assertThat(target.resolve("d/e/deep")).hasContent("new");
  }

  @Test
  void contentOfTheSameSizeAndTime_isWrittenAllTheSame() throws IOException {
    copyIn();
    guestHasFile("kept", "new", COPIED);

    copyBack();

    assertThat(target.resolve("kept")).hasContent("new");
  }

  @Test
  void modeAndTimeThatTheGuestChanged_areChangedAndNothingElse() throws IOException {
    copyIn();
    Object inode = Files.getAttribute(target.resolve("kept"), "unix:ino");
    guestHasFile("kept", "old", COPIED.plusSeconds(9), 0600);

    copyBack();

    assertThat(Files.getAttribute(target.resolve("kept"), "unix:ino")).isEqualTo(inode);
    assertThat(Files.getAttribute(target.resolve("kept"), "unix:mode")).isEqualTo(0100600);
    assertThat(Files.getLastModifiedTime(target.resolve("kept")).toInstant())
        .isEqualTo(COPIED.plusSeconds(9));
  }

  @Test
  void setUserId_isNeverGainedAndGoesWithAnotherContentOrOwner() throws IOException {
    for (String name : List.of("content", "mode", "same")) {
      write(target.resolve(name), "old");
      Files.setAttribute(target.resolve(name), "unix:mode", 04755);
    }
    copyIn();
    guestHasFile("content", "evil", LATER, 04755);
    guestHasFile("mode", "old", COPIED, 04711);
    guestHasFile("same", "old", COPIED, 04755);
    guestHasFile("kept", "old", COPIED, 06755);
    guestHasFile("new", "evil", LATER, 06755);

    copyBack();

    assertThat(mode("content")).isEqualTo(0755);
    assertThat(mode("mode")).isEqualTo(04711);
    assertThat(mode("same")).isEqualTo(04755);
    assertThat(mode("kept")).isEqualTo(0755);
    assertThat(mode("new")).isEqualTo(0755);
  }

  private int mode(String name) throws IOException {
    return (int) Files.getAttribute(target.resolve(name), "unix:mode") & 07777;
  }

  @Test
  void hardLinks_areOneFileAgainAfterTheGuestChangedIt() throws IOException {
    Files.createLink(target.resolve("other"), target.resolve("kept"));
    copyIn();
    guestHasFile("kept", "changed", LATER);
    guestHas("other", TarEntry.Type.HARD_LINK, 0644, LATER, "kept");
    guestHas("third", TarEntry.Type.HARD_LINK, 0644, LATER, "kept");

    copyBack();

    assertThat(target.resolve("other")).hasContent("changed");
    assertThat(Files.getAttribute(target.resolve("kept"), "unix:nlink")).isEqualTo(3);
    assertThat(Files.isSameFile(target.resolve("third"), target.resolve("kept"))).isTrue();
  }

  @Test
  void hardLinkThatTheGuestBroke_isBroken() throws IOException {
    Files.createLink(target.resolve("other"), target.resolve("kept"));
    copyIn();
    guestHasFile("kept", "changed", LATER);
    guestHasFile("other", "old", COPIED);

    copyBack();

    assertThat(target.resolve("kept")).hasContent("changed");
    assertThat(target.resolve("other")).hasContent("old");
  }

  /** A name of the file elsewhere is not the tree's: nothing is written there. */
  @Test
  void fileWithANameOutside_isReplacedAndNotWrittenInPlace() throws IOException {
    Path outside = Files.createLink(directory.resolve("outside"), target.resolve("kept"));
    copyIn();
    guestHasFile("kept", "changed", LATER);

    copyBack();

    assertThat(target.resolve("kept")).hasContent("changed");
    assertThat(outside).hasContent("old");
  }

  @Test
  void kindsThatTheGuestChanged_areChangedOnTheHost() throws IOException {
    for (String name : List.of("to-link", "to-file")) {
      write(Files.createDirectories(target.resolve(name).resolve("sub")).resolve("x"), "x");
    }
    write(target.resolve("to-directory"), "x");
    Files.createSymbolicLink(target.resolve("link-to-file"), Path.of("kept"));
    Files.createSymbolicLink(target.resolve("link-to-directory"), Path.of("d"));
    write(target.resolve("file-to-link"), "x");
    copyIn();
    guestHas("to-link", TarEntry.Type.LINK, 0777, LATER, "kept");
    guestHasFile("to-file", "file", LATER);
    guestHas("to-directory", TarEntry.Type.DIRECTORY, 0750, LATER, "");
    guestHasFile("to-directory/new", "new", LATER);
    guestHasFile("link-to-file", "file", LATER);
    guestHas("link-to-directory", TarEntry.Type.DIRECTORY, 0755, LATER, "");
    guestHasFile("link-to-directory/new", "new", LATER);
    guestHas("file-to-link", TarEntry.Type.LINK, 0777, LATER, "d");
    guestHasFile("kept", "old", COPIED);
    guestHasDirectory("d");
    guestHasDirectory("d/e");
    guestHasFile("d/e/deep", "old", COPIED);

    copyBack();

    assertThat(Files.readSymbolicLink(target.resolve("to-link"))).isEqualTo(Path.of("kept"));
    assertThat(target.resolve("to-file")).isRegularFile().hasContent("file");
    assertThat(target.resolve("to-directory/new")).hasContent("new");
    assertThat(mode("to-directory")).isEqualTo(0750);
    assertThat(Files.isSymbolicLink(target.resolve("link-to-file"))).isFalse();
    assertThat(target.resolve("link-to-file")).hasContent("file");
    assertThat(target.resolve("kept")).hasContent("old");
    assertThat(target.resolve("link-to-directory/new")).hasContent("new");
    assertThat(target.resolve("d/new")).doesNotExist();
    assertThat(Files.readSymbolicLink(target.resolve("file-to-link"))).isEqualTo(Path.of("d"));
  }

  @Test
  void whatCannotBeWritten_isNamedAndTheRestIsThere() throws IOException {
    copyIn();
    Files.writeString(target.resolve("d/e/hosts"), "in the way");
    Files.createDirectory(target.resolve("new"));
    guestHasFile("d", "a file now", LATER);
    guestHasFile("../escaped", "x", LATER);
    guestHasFile("kept/below-a-file", "x", LATER);
    guestHasFile("new", "a directory of the host has that name", LATER);
    guestHas("bad", TarEntry.Type.HARD_LINK, 0644, LATER, "link");
    guestHas("escape", TarEntry.Type.LINK, 0777, LATER, "../..");
    guestHasFile("result", "result", LATER);
    guestHasFile("kept", "old", COPIED);

    assertThatThrownBy(this::copyBack)
        .hasMessageContaining("d: ")
        .hasMessageContaining("../escaped")
        .hasMessageContaining("kept/below-a-file")
        .hasMessageContaining("new: ")
        .hasMessageContaining("bad")
        .hasMessageContaining("all others were");

    assertThat(target.resolve("result")).hasContent("result");
    assertThat(target.resolve("d/e/hosts")).hasContent("in the way");
    assertThat(target.resolve("new")).isEmptyDirectory();
    assertThat(Files.exists(target.resolve("escape"), LinkOption.NOFOLLOW_LINKS)).isFalse();
    assertThat(directory.resolve("escaped")).doesNotExist();
    try (var all = Files.walk(target)) {
      assertThat(all.map(path -> String.valueOf(path.getFileName())))
          .noneMatch(name -> name.startsWith(".kata-"));
    }
  }

  @Test
  void directoryThatBecameALinkMeanwhile_isNeitherWrittenNorDeletedThrough() throws IOException {
    copyIn();
    Path outside = Files.createDirectories(directory.resolve("outside"));
    Files.move(target.resolve("d/e"), outside.resolve("e"));
    Files.delete(target.resolve("d"));
    Files.createSymbolicLink(target.resolve("d"), outside);
    guestHasDirectory("d");
    guestHasFile("d/new", "x", LATER);

    assertThatThrownBy(this::copyBack).hasMessageContaining("d/new");

    assertThat(outside.resolve("e/deep")).hasContent("old");
    assertThat(outside.resolve("new")).doesNotExist();
  }

  @Test
  void archiveThatEndsTooEarly_deletesNothingAndCutsNothingShort() throws IOException {
    copyIn();
    guestHasFile("kept", "n".repeat(9000), LATER);
    byte[] cut = java.util.Arrays.copyOf(bytes.toByteArray(), 5000);

    assertThatThrownBy(() -> copyBack(cut)).hasMessageContaining("ends within");

    assertThat(target.resolve("kept")).hasContent("old");
    assertThat(target.resolve("d/e/deep")).hasContent("old");
  }

  @Test
  void largeFileChangedAtItsEnd_isWhole() throws IOException {
    byte[] large = new byte[1 << 20];
    new java.util.Random(3).nextBytes(large);
    java.util.Arrays.fill(large, 200_000, 600_000, (byte) 0);
    Files.write(target.resolve("kept"), large);
    copyIn();
    large[large.length - 7]++;
    archive.entry(new TarEntry(BytePath.of("kept"), TarEntry.Type.FILE, 0644, large.length, LATER));
    archive.content(new ByteArrayInputStream(large), large.length);

    copyBack();

    assertThat(target.resolve("kept")).hasBinaryContent(large);
  }
}
