package io.katajava.internal.tar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.ContainerFiles.Links;
import io.katajava.ContainerFiles.Owner;
import io.katajava.internal.tree.BytePath;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files with holes in archives. */
class SparseTest {
  private static final long LARGE = 128L << 20;

  @TempDir Path directory;

  private Path sparse(long size, long... at) throws IOException {
    Path file = directory.resolve("sparse");
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE,
            StandardOpenOption.SPARSE)) {
      for (long offset : at) {
        channel.write(ByteBuffer.wrap("data".getBytes(StandardCharsets.US_ASCII)), offset);
      }
      if (channel.size() < size) {
        channel.write(ByteBuffer.wrap(new byte[1]), size - 1);
      }
    }
    return file;
  }

  private static byte[] packed(Path file) throws IOException {
    ByteArrayOutputStream archive = new ByteArrayOutputStream();
    try (HostPath path = HostPath.of(file)) {
      path.pack(
          new HostSource(new TarWriter(archive), true).ownedBy(new Owner(0, 0)), BytePath.of("f"));
    }
    return archive.toByteArray();
  }

  @Test
  void largeFileWithTwoWords_isSmallAndComesBackAsItWas() throws IOException {
    Path file = sparse(LARGE, 5, LARGE / 2 + 3);
    byte[] archive = packed(file);
    assertThat(archive.length).isLessThan(256 << 10);

    Path target = directory.resolve("back");
    new HostTree(target, Links.REFUSE)
        .extract(new TarReader(new ByteArrayInputStream(archive)), BytePath.of("f"));
    assertThat(Files.size(target)).isEqualTo(LARGE);
    assertThat(Files.mismatch(file, target)).isEqualTo(-1);
  }

  @Test
  void emptyWholeAndZeroFiles_comeBackAsTheyWere() throws IOException {
    for (long size : new long[] {0, 4, 65_536, 65_537, 300_001}) {
      Path file = sparse(size, size < 4 ? new long[0] : new long[] {size - 4});
      Path target = directory.resolve("back" + size);
      new HostTree(target, Links.REFUSE)
          .extract(new TarReader(new ByteArrayInputStream(packed(file))), BytePath.of("f"));
      assertThat(Files.mismatch(file, target)).isEqualTo(-1);
      Files.delete(file);
    }
    Path zeros = sparse(200_000);
    Path target = directory.resolve("zeros");
    new HostTree(target, Links.REFUSE)
        .extract(new TarReader(new ByteArrayInputStream(packed(zeros))), BytePath.of("f"));
    assertThat(Files.mismatch(zeros, target)).isEqualTo(-1);
  }

  @Test
  void readAsBytes_hasTheZerosInIt() throws IOException {
    Path file = sparse(200_000, 100_000);
    TarReader reader = new TarReader(new ByteArrayInputStream(packed(file)));
    TarEntry entry = Objects.requireNonNull(reader.next());
    assertThat(entry.size()).isEqualTo(200_000);
    assertThat(entry.name()).isEqualTo(BytePath.of("f"));
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    byte[] buffer = new byte[1000];
    for (int n = reader.read(buffer); n >= 0; n = reader.read(buffer)) {
      content.write(buffer, 0, n);
    }
    assertThat(content.toByteArray()).isEqualTo(Files.readAllBytes(file));
    assertThat(reader.next()).isNull();
  }

  @Test
  void gnuTar_readsWhatWeWriteAndWritesWhatWeRead() throws Exception {
    Path file = sparse(3_000_000, 5, 1_000_000);
    Path archive = directory.resolve("a.tar");
    Files.write(archive, packed(file));
    Path out = Files.createDirectory(directory.resolve("out"));
    run("tar", "-C", out.toString(), "-xf", archive.toString());
    assertThat(Files.mismatch(file, out.resolve("f"))).isEqualTo(-1);

    run(
        "tar",
        "-C",
        directory.toString(),
        "--format=posix",
        "--sparse",
        "--sparse-version=1.0",
        "-cf",
        archive.toString(),
        "sparse");
    assertThat(Files.size(archive)).isLessThan(1_000_000);
    Path target = directory.resolve("back");
    new HostTree(target, Links.REFUSE)
        .extract(new TarReader(Files.newInputStream(archive)), BytePath.of("sparse"));
    assertThat(Files.mismatch(file, target)).isEqualTo(-1);
  }

  @Test
  void mapThatDoesNotFit_isRefused() throws IOException {
    TarEntry entry = new TarEntry(BytePath.of("f"), TarEntry.Type.FILE, 0644, 1000, Instant.EPOCH);
    for (List<Segment> map :
        List.of(
            List.of(new Segment(0, 10), new Segment(5, 10)),
            List.of(new Segment(990, 11)),
            List.of(new Segment(1001, 1)))) {
      ByteArrayOutputStream archive = new ByteArrayOutputStream();
      TarWriter writer = new TarWriter(archive);
      writer.sparse(entry, map);
      archive.write(new byte[2048]);
      assertThatThrownBy(
              () -> new TarReader(new ByteArrayInputStream(archive.toByteArray())).next())
          .as("%s", map)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("map of a sparse file");
    }
  }

  private static void run(String... command) throws Exception {
    assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
  }
}
