package io.katajava.internal.tar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.ContainerFiles.Links;
import io.katajava.ContainerFiles.Owner;
import io.katajava.internal.tree.BytePath;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Archives as a hostile guest would write them. */
class HostTreeTest {
  private static final Instant TIME = Instant.ofEpochSecond(1_700_000_000);
  private static final BytePath NO_NAME = BytePath.of("");

  @TempDir Path directory;
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final TarWriter archive = new TarWriter(bytes);
  private Path target;

  @BeforeEach
  void makeTarget() throws IOException {
    target = directory.resolve("target");
    Files.writeString(directory.resolve("outside"), "untouched");
  }

  private void add(String name, TarEntry.Type type, String link, String content)
      throws IOException {
    byte[] data = content.getBytes(StandardCharsets.UTF_8);
    archive.entry(
        new TarEntry(BytePath.of(name), type, 06755, 0, 0, data.length, TIME, BytePath.of(link)));
    archive.content(new ByteArrayInputStream(data), data.length);
  }

  private void extract(Links links) throws IOException {
    archive.finish();
    new HostTree(target, links)
        .extract(new TarReader(new ByteArrayInputStream(bytes.toByteArray())), NO_NAME);
  }

  private void pack(Path source) throws IOException {
    try (HostPath path = HostPath.of(source)) {
      path.pack(new HostSource(archive, true).ownedBy(new Owner(5, 6)), BytePath.of("one"));
    }
  }

  private void assertNothingEscaped() throws IOException {
    assertThat(Files.readString(directory.resolve("outside"))).isEqualTo("untouched");
    try (var there = Files.list(directory)) {
      assertThat(there.map(path -> String.valueOf(path.getFileName())))
          .isSubsetOf("outside", "target");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"../escaped", "/tmp/kata-escaped", "a/../../escaped", ".."})
  void name_thatLeadsOut_isRefused(String name) throws IOException {
    add(name, TarEntry.Type.FILE, "", "x");

    assertThatThrownBy(() -> extract(Links.KEEP)).hasMessageContaining("leads out");
    assertNothingEscaped();
  }

  @ParameterizedTest
  @CsvSource({"l,..", "l,/tmp", "a/l,../../outside", "a/b/l,../../../x"})
  void link_thatLeadsOut_isRefusedOrSkippedOrKeptUnfollowed(String name, String link)
      throws IOException {
    add(name, TarEntry.Type.LINK, link, "");
    byte[] once = bytes.toByteArray();

    assertThatThrownBy(() -> extract(Links.REFUSE)).hasMessageContaining(link);
    for (Links policy : new Links[] {Links.SKIP, Links.KEEP}) {
      new HostTree(target, policy).extract(new TarReader(new ByteArrayInputStream(once)), NO_NAME);
      assertThat(Files.exists(target.resolve(name), LinkOption.NOFOLLOW_LINKS))
          .isEqualTo(policy == Links.KEEP);
    }
    assertNothingEscaped();
  }

  @Test
  void file_throughALinkOfTheSameArchive_isNotWrittenThere() throws IOException {
    add("l", TarEntry.Type.LINK, "..", "");
    add("l/outside", TarEntry.Type.FILE, "", "changed");

    assertThatThrownBy(() -> extract(Links.KEEP)).isInstanceOf(IOException.class);
    assertNothingEscaped();
  }

  @Test
  void file_throughALinkThatIsThere_isNotWrittenThere() throws IOException {
    Files.createDirectories(target);
    Files.createSymbolicLink(target.resolve("l"), directory);
    add("l/outside", TarEntry.Type.FILE, "", "changed");

    assertThatThrownBy(() -> extract(Links.KEEP)).hasMessageContaining("not written through");
    assertNothingEscaped();
  }

  @Test
  void file_inPlaceOfALink_replacesTheLinkAndNotWhatItLeadsTo() throws IOException {
    Files.createDirectories(target);
    Files.createSymbolicLink(target.resolve("f"), directory.resolve("outside"));
    add("f", TarEntry.Type.FILE, "", "mine");
    extract(Links.REFUSE);

    assertThat(Files.isSymbolicLink(target.resolve("f"))).isFalse();
    assertThat(Files.readString(target.resolve("f"))).isEqualTo("mine");
    assertNothingEscaped();
  }

  @Test
  void hardLink_toWhatALinkLeadsTo_isRefused() throws IOException {
    Files.createDirectories(target);
    Files.createSymbolicLink(target.resolve("l"), directory.resolve("outside"));
    add("h", TarEntry.Type.HARD_LINK, "l", "");

    assertThatThrownBy(() -> extract(Links.KEEP)).hasMessageContaining("not a file");
  }

  @Test
  void modes_loseTheSetUserIdBit() throws IOException {
    add("d", TarEntry.Type.DIRECTORY, "", "");
    add("d/f", TarEntry.Type.FILE, "", "x");
    extract(Links.REFUSE);

    assertThat(Files.getAttribute(target.resolve("d/f"), "unix:mode")).isEqualTo(0100755);
    assertThat(Files.getLastModifiedTime(target.resolve("d")).toMillis())
        .isEqualTo(1_700_000_000_000L);
  }

  @Test
  void tree_packedAndUnpacked_isTheSame() throws IOException {
    Path source = directory.resolve("target-source");
    String longName = "n".repeat(200);
    Files.createDirectories(source.resolve("d").resolve(longName));
    Path file = source.resolve("d").resolve(longName).resolve("f€");
    Files.writeString(file, "content");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r-x-w---x"));
    Files.createSymbolicLink(source.resolve("l"), Path.of("d", longName));
    pack(source);
    new HostTree(target, Links.REFUSE)
        .extract(new TarReader(new ByteArrayInputStream(bytes.toByteArray())), NO_NAME);

    Path copy = target.resolve("d").resolve(longName).resolve("f€");
    assertThat(Files.readString(copy)).isEqualTo("content");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(copy)))
        .isEqualTo("r-x-w---x");
    assertThat(Files.readSymbolicLink(target.resolve("l"))).isEqualTo(Path.of("d", longName));
  }

  @ParameterizedTest
  @ValueSource(strings = {"credentials", "/etc/passwd", "../x", "result"})
  void link_thatIsAllThereIs_leadsOutWhereverItLeads(String link) throws IOException {
    add("result", TarEntry.Type.LINK, link, "");
    archive.finish();
    byte[] once = bytes.toByteArray();
    BytePath alone = BytePath.of("result");

    assertThatThrownBy(
            () ->
                new HostTree(target, Links.REFUSE)
                    .extract(new TarReader(new ByteArrayInputStream(once)), alone))
        .hasMessageContaining("leads out")
        .hasMessageContaining(link);
    new HostTree(target, Links.SKIP).extract(new TarReader(new ByteArrayInputStream(once)), alone);
    assertThat(Files.exists(target, LinkOption.NOFOLLOW_LINKS)).isFalse();
    new HostTree(target, Links.KEEP).extract(new TarReader(new ByteArrayInputStream(once)), alone);
    assertThat(Files.readSymbolicLink(target)).isEqualTo(Path.of(link));
  }

  @Test
  void oneThingAskedFor_withMoreBehindIt_isRefused() throws IOException {
    add("result", TarEntry.Type.FILE, "", "x");
    add("outside", TarEntry.Type.FILE, "", "changed");
    archive.finish();

    assertThatThrownBy(
            () ->
                new HostTree(target, Links.KEEP)
                    .extract(
                        new TarReader(new ByteArrayInputStream(bytes.toByteArray())),
                        BytePath.of("result")))
        .hasMessageContaining("more entries");
    assertNothingEscaped();
  }

  /** The second link is inside by its text alone: the first one leads it out. */
  @Test
  void linkThatClimbsThroughAnotherLink_isRefused() throws IOException {
    add("d/e/up", TarEntry.Type.LINK, "../..", "");
    add("x", TarEntry.Type.LINK, "d/e/up/../outside", "");

    assertThatThrownBy(() -> extract(Links.REFUSE)).hasMessageContaining("'x' leads out");
  }

  @Test
  void targetThatIsALink_isNotWrittenThrough() throws IOException {
    Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
    Files.createSymbolicLink(target, elsewhere);
    add(".", TarEntry.Type.DIRECTORY, "", "");
    add("f", TarEntry.Type.FILE, "", "x");

    assertThatThrownBy(() -> extract(Links.KEEP)).hasMessageContaining("not written through");
    assertThat(elsewhere).isEmptyDirectory();
  }

  @Test
  void targetBelowALink_isWrittenWhereThatLeads() throws IOException {
    Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
    Path link = Files.createSymbolicLink(directory.resolve("link"), elsewhere);
    target = link.resolve("target");
    add("f", TarEntry.Type.FILE, "", "x");
    extract(Links.REFUSE);

    assertThat(elsewhere.resolve("target/f")).hasContent("x");
  }

  @Test
  void file_thatEndsTooEarly_leavesWhatWasThereAndNothingElse() throws IOException {
    Files.createDirectories(target);
    Files.writeString(target.resolve("f"), "old");
    add("f", TarEntry.Type.FILE, "", "n".repeat(4000));
    byte[] cut = java.util.Arrays.copyOf(bytes.toByteArray(), 2000);

    assertThatThrownBy(
            () ->
                new HostTree(target, Links.KEEP)
                    .extract(new TarReader(new ByteArrayInputStream(cut)), NO_NAME))
        .isInstanceOf(IOException.class);
    assertThat(target.resolve("f")).hasContent("old");
    try (var there = Files.list(target)) {
      assertThat(there).hasSize(1);
    }
  }

  @Test
  void holes_stayHoles() throws IOException {
    byte[] sparse = new byte[8 << 20];
    sparse[5 << 20] = 1;
    archive.entry(
        new TarEntry(BytePath.of("s"), TarEntry.Type.FILE, 0644, sparse.length, Instant.EPOCH));
    archive.content(new ByteArrayInputStream(sparse), sparse.length);
    extract(Links.REFUSE);

    assertThat(Files.readAllBytes(target.resolve("s"))).isEqualTo(sparse);
  }

  @Test
  void archive_cutAnywhere_isAnErrorAndNeverHangs() throws IOException {
    add("a".repeat(150), TarEntry.Type.FILE, "", "content");
    byte[] whole = bytes.toByteArray();
    for (int length = 1; length < whole.length; length += 97) {
      byte[] cut = java.util.Arrays.copyOf(whole, length);
      assertThatThrownBy(
              () -> {
                TarReader reader = new TarReader(new ByteArrayInputStream(cut));
                while (reader.next() != null) {
                  reader.read(new byte[4]);
                }
              })
          .as("cut at %s", length)
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void archive_damaged_isRefused() throws IOException {
    add("a", TarEntry.Type.FILE, "", "content");
    byte[] damaged = bytes.toByteArray();
    damaged[0] = 'b';

    assertThatThrownBy(() -> new TarReader(new ByteArrayInputStream(damaged)).next())
        .hasMessageContaining("checksum");
  }
}
