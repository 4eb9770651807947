package io.katajava.image;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.Deadline;
import io.katajava.ProgressListener;
import io.katajava.image.testing.LayerBuilder;
import io.katajava.image.testing.LayoutBuilder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of layers, in the cases in which tools have differed. */
class LayerRulesTest {
  private static final ImageReference NAME = ImageReference.parse("example.org/rules:1");

  @TempDir Path directory;

  /** The image as one block image, as unsquashfs lists it. */
  private Path merged(LayerBuilder... layers) throws Exception {
    return disks(1, layers).get(0);
  }

  private List<Path> disks(int most, LayerBuilder... layers) throws Exception {
    LayoutBuilder image = new LayoutBuilder();
    for (LayerBuilder each : layers) {
      image.layer(each);
    }
    Path layout = image.writeTo(directory.resolve("layout"), NAME.toString());
    ImageStore store =
        ImageStore.builder().directory(directory.resolve("store")).disks(most).build();
    Image imported = store.importFrom(layout, null, ProgressListener.NONE).get(0);
    return store.prepare(imported, Deadline.after(Duration.ofMinutes(2)), ProgressListener.NONE);
  }

  private static String listing(Path disk) throws Exception {
    return ImageStoreTest.listing(disk);
  }

  private static byte[] content(Path disk, String file) throws Exception {
    Process process = new ProcessBuilder("unsquashfs", "-cat", disk.toString(), file).start();
    byte[] content = process.getInputStream().readAllBytes();
    assertThat(process.waitFor()).isZero();
    return content;
  }

  @Test
  void entry_belowALinkOfALowerLayer_isWhereTheLinkLeads() throws Exception {
    Path disk =
        merged(
            new LayerBuilder().directory("usr").directory("usr/bin").symlink("bin", "usr/bin"),
            new LayerBuilder().file("bin/tool", "1").file("bin/sub/deep", "2"));
    assertThat(listing(disk))
        .contains("squashfs-root/bin -> usr/bin", "squashfs-root/usr/bin/tool")
        .contains("squashfs-root/usr/bin/sub/deep");
  }

  @Test
  void entry_belowALinkOfItsOwnLayer_isWhereTheLinkLeads() throws Exception {
    Path disk =
        merged(new LayerBuilder().directory("data").symlink("lk", "data").file("lk/x", "1"));
    assertThat(listing(disk)).contains("squashfs-root/lk -> data", "squashfs-root/data/x");
  }

  @Test
  void entry_belowAnAbsoluteOrClimbingLink_staysInTheImage() throws Exception {
    Path disk =
        merged(
            new LayerBuilder()
                .symlink("out", "/etc")
                .symlink("up", "../../../../opt")
                .file("out/passwd", "1")
                .file("up/x", "2"));
    assertThat(listing(disk)).contains("squashfs-root/etc/passwd", "squashfs-root/opt/x");
  }

  @Test
  void entry_belowALinkToALinkToNothing_makesTheDirectory() throws Exception {
    Path disk =
        merged(
            new LayerBuilder().symlink("a", "b").directory("c").symlink("b", "c/../new"),
            new LayerBuilder().file("a/x", "1"));
    assertThat(listing(disk)).contains("squashfs-root/new/x", "squashfs-root/a -> b");
  }

  @Test
  void whiteoutAndOpaqueMark_belowALink_countWhereItLeads() throws Exception {
    LayerBuilder lower =
        new LayerBuilder()
            .directory("data")
            .file("data/gone", "1")
            .file("data/kept", "1")
            .directory("other")
            .file("other/gone", "1")
            .symlink("lk", "data")
            .symlink("lo", "other");
    Path disk = merged(lower, new LayerBuilder().whiteout("lk/gone").opaque("lo"));
    assertThat(listing(disk))
        .contains("squashfs-root/data/kept", "squashfs-root/lk -> data", "squashfs-root/other")
        .doesNotContain("gone");
  }

  @Test
  void hardLink_toAFileBelowALink_isOneFile() throws Exception {
    Path disk =
        merged(
            new LayerBuilder().directory("data").file("data/f", "content").symlink("lk", "data"),
            new LayerBuilder().hardLink("h", "lk/f"));
    assertThat(content(disk, "h")).isEqualTo("content".getBytes(UTF_8));
  }

  @Test
  void directory_overALink_takesItsPlace() throws Exception {
    Path disk =
        merged(
            new LayerBuilder().directory("data").symlink("lk", "data"),
            new LayerBuilder().directory("lk").file("lk/x", "1"));
    assertThat(listing(disk)).contains("squashfs-root/lk/x").doesNotContain("->");
  }

  @Test
  void opaqueMark_withoutItsDirectory_keepsOwnerAndMode() throws Exception {
    Path disk =
        merged(
            new LayerBuilder()
                .entry("shared/", '5', 01777, 1000, 1001, "", new byte[0])
                .file("shared/old", "x"),
            new LayerBuilder().opaque("shared"));
    assertThat(listing(disk))
        .containsPattern("drwxrwxrwt 1000/1001 .* squashfs-root/shared\n")
        .doesNotContain("old");
  }

  @Test
  void layer_isThereTwice_noTwoDisksAreAlike() throws Exception {
    LayerBuilder base = new LayerBuilder().directory("opt").file("opt/a", "1");
    LayerBuilder again = new LayerBuilder().directory("opt").file("opt/f", "1");
    LayerBuilder away = new LayerBuilder().directory("opt").whiteout("opt/f");
    List<Path> disks = disks(4, base, again, away, again);
    assertThat(disks).doesNotHaveDuplicates().hasSizeLessThan(4);
    assertThat(listing(disks.get(disks.size() - 1))).contains("-rw-r--r--", "opt/f");
    assertThat(disks(4, base, new LayerBuilder(), new LayerBuilder())).doesNotHaveDuplicates();
  }

  @Test
  void hardLink_withTheSizeOfItsFile_isALink() throws Exception {
    LayerBuilder layer =
        new LayerBuilder().file("a", "one").announced("b", '1', 3).file("after", "x");
    byte[] tar = layer.tar();
    // The builder gives announced entries no target.
    tar[1024 + 157] = 'a';
    tar[1024 + 148] = 0;
    byte[] header = Arrays.copyOfRange(tar, 1024, 1536);
    Arrays.fill(header, 148, 156, (byte) ' ');
    int sum = 0;
    for (byte b : header) {
      sum += b & 0xff;
    }
    byte[] digits = String.format("%06o\0 ", sum).getBytes(UTF_8);
    System.arraycopy(digits, 0, tar, 1024 + 148, 8);
    LayoutBuilder image = new LayoutBuilder().layer(LayerBuilder.gzip(tar), tar);
    Path layout = image.writeTo(directory.resolve("l"), NAME.toString());
    ImageStore store = ImageStore.builder().directory(directory.resolve("store")).build();
    Image imported = store.importFrom(layout, null, ProgressListener.NONE).get(0);
    Path disk =
        store
            .prepare(imported, Deadline.after(Duration.ofMinutes(2)), ProgressListener.NONE)
            .get(0);
    assertThat(content(disk, "b")).isEqualTo("one".getBytes(UTF_8));
    assertThat(listing(disk)).contains("after");
  }

  @Test
  void times_withoutADigitBeforeThePoint_areTaken() throws Exception {
    assertThat(
            listing(
                merged(
                    new LayerBuilder()
                        .pax(Map.of("mtime", ".5"))
                        .file("half", "x")
                        .pax(Map.of("mtime", "-1.5"))
                        .file("before", "x"))))
        .contains("1970-01-01 00:00 squashfs-root/half")
        .contains("1970-01-01 00:00 squashfs-root/before");
  }

  @Test
  void sparseFiles_ofAllFormsThatPaxHasHad_haveTheirHoles() throws Exception {
    byte[] whole = new byte[4096];
    Arrays.fill(whole, 1000, 1512, (byte) 'D');
    Arrays.fill(whole, 4000, 4096, (byte) 'E');
    byte[] data = new byte[608];
    Arrays.fill(data, 0, 512, (byte) 'D');
    Arrays.fill(data, 512, 608, (byte) 'E');
    Map<String, String> zeroOne =
        Map.of("GNU.sparse.size", "4096", "GNU.sparse.map", "1000,512,4000,96");
    byte[] map = "2\n1000\n512\n4000\n96\n".getBytes(UTF_8);
    byte[] mapped = Arrays.copyOf(map, 512 + data.length);
    System.arraycopy(data, 0, mapped, 512, data.length);
    Map<String, String> one = new LinkedHashMap<>();
    one.put("GNU.sparse.major", "1");
    one.put("GNU.sparse.minor", "0");
    one.put("GNU.sparse.name", "one");
    one.put("GNU.sparse.realsize", "4096");
    byte[] zeroZero =
        """
        24 GNU.sparse.size=4096
        26 GNU.sparse.offset=1000
        27 GNU.sparse.numbytes=512
        26 GNU.sparse.offset=4000
        26 GNU.sparse.numbytes=96
        """
            .getBytes(UTF_8);
    Path disk =
        merged(
            new LayerBuilder()
                .entry("pax", 'x', 0644, 0, 0, "", zeroZero)
                .file("zero-zero", 0644, 0, 0, data)
                .pax(zeroOne)
                .file("zero-one", 0644, 0, 0, data)
                .pax(one)
                .file("GNUSparseFile.0/one", 0644, 0, 0, mapped)
                .file("after", "x"));
    assertThat(content(disk, "zero-zero")).isEqualTo(whole);
    assertThat(content(disk, "zero-one")).isEqualTo(whole);
    assertThat(content(disk, "one")).isEqualTo(whole);
    assertThat(content(disk, "after")).isEqualTo("x".getBytes(UTF_8));
  }

  @Test
  void sparseFile_ofGnuTarItself_hasItsHoles() throws Exception {
    Path tree = java.nio.file.Files.createDirectories(directory.resolve("tree"));
    Path file = tree.resolve("holes");
    try (var channel =
        java.nio.channels.FileChannel.open(
            file,
            java.nio.file.StandardOpenOption.CREATE,
            java.nio.file.StandardOpenOption.WRITE)) {
      for (int i = 0; i < 40; i++) {
        channel.write(java.nio.ByteBuffer.wrap(("piece " + i).getBytes(UTF_8)), i * 131_072L);
      }
      channel.write(java.nio.ByteBuffer.wrap(new byte[] {1}), 8L << 20);
    }
    for (String form :
        List.of(
            "--format=gnu",
            "--sparse-version=0.0",
            "--sparse-version=0.1",
            "--sparse-version=1.0")) {
      Path archive = directory.resolve("sparse.tar");
      assertThat(
              new ProcessBuilder(
                      "tar", "-C", tree.toString(), form, "-S", "-cf", archive.toString(), "holes")
                  .start()
                  .waitFor())
          .isZero();
      assertThat(java.nio.file.Files.size(archive)).isLessThan(1 << 20);
      ImageStore store = ImageStore.builder().directory(directory.resolve("s" + form)).build();
      Image image = store.importFrom(archive, NAME, ProgressListener.NONE).get(0);
      Path disk =
          store.prepare(image, Deadline.after(Duration.ofMinutes(2)), ProgressListener.NONE).get(0);
      assertThat(content(disk, "holes")).as(form).isEqualTo(java.nio.file.Files.readAllBytes(file));
    }
  }
}
