package io.katajava.internal.tar;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.ContainerFiles.Links;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a copy back does to a directory that it was copied from. */
class HostSnapshotTest {
  private static final long LONG_AGO = 1_700_000_000;

  @TempDir Path directory;
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final TarWriter archive = new TarWriter(bytes);
  private Path target;

  @BeforeEach
  void makeTarget() throws IOException {
    target = Files.createDirectories(directory.resolve("target"));
    write(target.resolve("kept"), "old");
    write(Files.createDirectories(target.resolve("d/e")).resolve("deep"), "old");
    Files.createSymbolicLink(target.resolve("link"), Path.of("kept"));
    archive.entry(new TarEntry(".", TarEntry.Type.DIRECTORY, 0755, 0, 0, 0, LONG_AGO, ""));
  }

  private static void write(Path file, String text) throws IOException {
    Files.writeString(file, text);
    Files.setLastModifiedTime(file, FileTime.from(LONG_AGO, TimeUnit.SECONDS));
  }

  private void guestHas(String name, String content, long modified) throws IOException {
    byte[] data = content.getBytes(StandardCharsets.UTF_8);
    archive.entry(new TarEntry(name, TarEntry.Type.FILE, 0644, 0, 0, data.length, modified, ""));
    archive.content(new ByteArrayInputStream(data), data.length);
  }

  private void copyBack(HostSnapshot before) throws IOException {
    archive.finish();
    HostTree tree = new HostTree(target, Links.SKIP).over(before);
    tree.extract(new TarReader(new ByteArrayInputStream(bytes.toByteArray())), "");
    tree.removeMissing();
  }

  @Test
  void copiedBack_whatTheGuestDeleted_isGone() throws IOException {
    HostSnapshot before = HostSnapshot.of(target);
    guestHas("new", "made in the guest", LONG_AGO + 5);

    copyBack(before);

    assertThat(target).isDirectoryContaining(path -> path.endsWith("new"));
    try (var left = Files.list(target)) {
      assertThat(left).hasSize(1);
    }
  }

  @Test
  void copiedBack_whatTheHostMadeOrChangedMeanwhile_stays() throws IOException {
    HostSnapshot before = HostSnapshot.of(target);
    Files.writeString(target.resolve("d/meanwhile"), "host");
    Files.writeString(target.resolve("kept"), "changed on the host");

    copyBack(before);

    assertThat(target.resolve("d/meanwhile")).hasContent("host");
    assertThat(target.resolve("kept")).hasContent("changed on the host");
    assertThat(target.resolve("d/e")).doesNotExist();
  }

  @Test
  void file_changedOnTheHostAlone_isNotOverwritten_butOneChangedInTheGuestIs() throws IOException {
    HostSnapshot before = HostSnapshot.of(target);
    Files.writeString(target.resolve("kept"), "changed on the host");
    Files.writeString(target.resolve("d/e/deep"), "changed on the host");
    guestHas("kept", "old", LONG_AGO);
    guestHas("d/e/deep", "new", LONG_AGO + 7);

    copyBack(before);

    assertThat(target.resolve("kept")).hasContent("changed on the host");
    assertThat(target.resolve("d/e/deep")).hasContent("new");
  }

  @Test
  void directory_thatBecameALinkMeanwhile_isNotDeletedThrough() throws IOException {
    HostSnapshot before = HostSnapshot.of(target);
    Path outside = Files.createDirectories(directory.resolve("outside"));
    Files.move(target.resolve("d/e"), outside.resolve("e"));
    Files.delete(target.resolve("d"));
    Files.createSymbolicLink(target.resolve("d"), outside);

    copyBack(before);

    assertThat(outside.resolve("e/deep")).hasContent("old");
  }
}
