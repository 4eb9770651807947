package io.katajava.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.MemorySize;
import io.katajava.ProgressListener;
import io.katajava.image.testing.LayerBuilder;
import io.katajava.image.testing.LayoutBuilder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Layers nobody should trust: refused with a reason, and nothing outside the store is touched. */
class HostileLayerTest {
  private static final ImageReference NAME = ImageReference.parse("example.org/hostile:1");
  private static final ImageLimits LIMITS =
      ImageLimits.DEFAULT.withEntries(1000).withExpansion(100);

  @TempDir Path directory;

  static Stream<Arguments> layers() {
    return Stream.of(
        Arguments.of("'..'", new LayerBuilder().file("../escape", "x")),
        Arguments.of("'..'", new LayerBuilder().file("a/../../escape", "x")),
        Arguments.of("'..'", new LayerBuilder().directory("..")),
        Arguments.of(
            "'..'", new LayerBuilder().pax(Map.of("path", "../../escape")).file("fine", "x")),
        Arguments.of("absolute target", new LayerBuilder().hardLink("passwd", "/etc/passwd")),
        Arguments.of("'..'", new LayerBuilder().hardLink("passwd", "../../etc/passwd")),
        Arguments.of("has no file", new LayerBuilder().hardLink("passwd", "etc/passwd")),
        Arguments.of(
            "has a directory as target", new LayerBuilder().directory("d").hardLink("link", "d")),
        Arguments.of(
            "more than 40 links",
            new LayerBuilder().symlink("a", "b").symlink("b", "a").file("a/x", "x")),
        Arguments.of(
            "replaces a link",
            new LayerBuilder().symlink("a", "b").file("a/x", "x").directory("a")),
        Arguments.of("is below", new LayerBuilder().file("f", "x").file("f/g", "x")),
        Arguments.of(
            "takes the place of a directory", new LayerBuilder().file("f/g", "x").file("f", "x")),
        Arguments.of(
            "takes the place of a directory",
            new LayerBuilder().file("f/g", "x").symlink("f", "etc")),
        Arguments.of(
            "takes the place of a directory",
            new LayerBuilder().directory("d").symlink("d", "/etc")),
        Arguments.of("with which overlayfs marks", new LayerBuilder().character("null", 0, 0)),
        Arguments.of("device number", new LayerBuilder().character("odd", 0x1fffff, 1)),
        Arguments.of("has no name after", new LayerBuilder().file(".wh...", "")),
        Arguments.of("has no name after", new LayerBuilder().file("a/.wh.", "")),
        Arguments.of(
            "255", new LayerBuilder().pax(Map.of("path", "n".repeat(300))).file("fine", "x")),
        Arguments.of(
            "4096",
            new LayerBuilder().pax(Map.of("path", "ab/".repeat(1500) + "x")).file("fine", "x")),
        Arguments.of(
            "extended header of", new LayerBuilder().announced("long", 'L', (1L << 33) - 1)),
        Arguments.of("extended header of", new LayerBuilder().announced("pax", 'x', 1L << 30)),
        Arguments.of(
            "records do not fit",
            new LayerBuilder()
                .entry("pax", 'x', 0644, 0, 0, "", "99 path=x\n".getBytes(StandardCharsets.UTF_8))
                .file("fine", "x")),
        Arguments.of(
            "sparse in an unknown form",
            new LayerBuilder().pax(Map.of("GNU.sparse.major", "1")).file("s", "")),
        Arguments.of(
            "not GNU tar's", new LayerBuilder().entry("s", 'S', 0644, 0, 0, "", new byte[0])),
        Arguments.of(
            "does not fit the file",
            new LayerBuilder()
                .pax(Map.of("GNU.sparse.size", "10", "GNU.sparse.map", "0,5,3,5"))
                .file("s", "0123456789")),
        Arguments.of(
            "has 4 bytes of data, its map says 5",
            new LayerBuilder()
                .pax(Map.of("GNU.sparse.size", "10", "GNU.sparse.map", "0,5"))
                .file("s", "0123")),
        Arguments.of(
            "ends within a piece",
            new LayerBuilder()
                .pax(Map.of("GNU.sparse.size", "10", "GNU.sparse.map", "0,5,7"))
                .file("s", "01234")),
        Arguments.of(
            "larger than 64 GiB",
            new LayerBuilder()
                .pax(Map.of("GNU.sparse.size", "4611686018427387904", "GNU.sparse.map", "0,1"))
                .file("s", "0")),
        Arguments.of(
            "unknown kind", new LayerBuilder().entry("s", 'Z', 0644, 0, 0, "", new byte[0])),
        Arguments.of("ends within a file", new LayerBuilder().announced("cut", '0', 1L << 20)),
        Arguments.of("is no number", new LayerBuilder().pax(Map.of("size", "-x")).file("s", "")),
        Arguments.of(
            "'-5' is no number", new LayerBuilder().pax(Map.of("size", "-5")).file("s", "")),
        Arguments.of(
            "'-1' is no number", new LayerBuilder().pax(Map.of("uid", "-1")).file("s", "")),
        Arguments.of(
            "'+5' is no number", new LayerBuilder().pax(Map.of("size", "+5")).file("s", "01234")),
        Arguments.of(
            "out of Linux's range",
            new LayerBuilder().pax(Map.of("uid", "4294967295")).file("s", "")),
        Arguments.of(
            "extended attribute",
            new LayerBuilder()
                .pax(Map.of("SCHILY.xattr.user.big", "v".repeat(70000)))
                .file("s", "")),
        Arguments.of(
            "checksum",
            new LayerBuilder()
                .file("a", "x")
                .entry("b", '1', 0644, 0, 0, "a", "content".getBytes(StandardCharsets.UTF_8))),
        Arguments.of("more than 1000 names", deep()),
        Arguments.of("more than 1000 entries", many()));
  }

  /** Few entries, many directories that are only implied. */
  private static LayerBuilder deep() {
    LayerBuilder layer = new LayerBuilder();
    for (int i = 0; i < 10; i++) {
      layer.pax(Map.of("path", i + "/d".repeat(200) + "/f")).file("f", "");
    }
    return layer;
  }

  private static LayerBuilder many() {
    LayerBuilder layer = new LayerBuilder();
    for (int i = 0; i <= 1000; i++) {
      layer.file("f" + i, "");
    }
    return layer;
  }

  @ParameterizedTest
  @MethodSource("layers")
  void layer_isRefused(String reason, LayerBuilder layer) throws Exception {
    refused(reason, new LayoutBuilder().layer(layer));
  }

  @Test
  void layer_isBombOfSize_isRefused() throws Exception {
    byte[] archive = zeros(21 << 20);
    refused(
        "larger than 20 MiB",
        new LayoutBuilder().layer(LayerBuilder.gzip(archive), archive),
        LIMITS.withLayerSize(MemorySize.mebibytes(20)));
  }

  @Test
  void layer_isBombOfRatio_isRefused() throws Exception {
    byte[] archive = zeros(258 << 20);
    refused(
        "expands to more than 100 times",
        new LayoutBuilder().layer(LayerBuilder.gzip(archive), archive));
  }

  @Test
  void layer_hasAnotherContentThanSaid_isRefused() throws Exception {
    LayerBuilder layer = new LayerBuilder().file("a", "x");
    refused(
        "its content has the digest",
        new LayoutBuilder().layer(layer.gzip(), new LayerBuilder().file("a", "y").tar()));
  }

  @Test
  void layer_isDamagedGzip_isRefused() throws Exception {
    byte[] gzip = new LayerBuilder().file("a", "x".repeat(5000)).gzip();
    byte[] cut = Arrays.copyOf(gzip, gzip.length - 20);
    refused("", new LayoutBuilder().layer(cut, new byte[0]));
    byte[] garbage =
        "no archive at all, but long enough to be taken for one"
            .repeat(20)
            .getBytes(StandardCharsets.UTF_8);
    refused("number", new LayoutBuilder().layer(garbage, garbage));
  }

  @Test
  void layers_haveTooManyNamesTogether_areRefused() throws Exception {
    LayoutBuilder image = new LayoutBuilder();
    for (int layer = 0; layer < 3; layer++) {
      LayerBuilder names = new LayerBuilder();
      for (int i = 0; i < 400; i++) {
        names.file("file-" + layer + "-" + i, "");
      }
      image.layer(names);
    }
    refused("together with the layers below it, it has more than 1000 names", image);
  }

  private static byte[] zeros(int size) {
    byte[] archive = new byte[size];
    byte[] header = new LayerBuilder().announced("zeros", '0', size - 1536).tar();
    System.arraycopy(header, 0, archive, 0, 512);
    return archive;
  }

  private void refused(String reason, LayoutBuilder image) throws Exception {
    refused(reason, image, LIMITS);
  }

  private void refused(String reason, LayoutBuilder image, ImageLimits limits) throws Exception {
    Path layout = image.writeTo(directory.resolve("layout"), NAME.toString());
    Path store = directory.resolve("store");
    ImageStore images = ImageStore.builder().directory(store).limits(limits).build();
    Image imported = images.importFrom(layout, null, ProgressListener.NONE).get(0);
    Deadline deadline = Deadline.after(Duration.ofMinutes(2));

    assertThatExceptionOfType(KataException.class)
        .isThrownBy(() -> images.prepare(imported, deadline, ProgressListener.NONE))
        .withMessageContaining("is refused")
        .withMessageContaining(reason)
        .matches(e -> e.code() == ErrorCode.IMAGE_REFUSED);

    try (Stream<Path> left = Files.list(directory)) {
      assertThat(left.map(path -> path.getFileName().toString()))
          .containsExactlyInAnyOrderElementsOf(List.of("layout", "store"));
    }
    assertThat(store.resolve("disks")).isEmptyDirectory();
    assertThat(store.resolve("tmp")).isEmptyDirectory();
  }
}
