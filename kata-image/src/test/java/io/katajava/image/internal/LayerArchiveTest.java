package io.katajava.image.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.ZstdOutputStreamNoFinalizer;
import io.katajava.Deadline;
import io.katajava.image.Digest;
import io.katajava.image.ImageLimits;
import io.katajava.image.testing.LayerBuilder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LayerArchiveTest {
  @TempDir Path directory;
  private byte[] tar = {};

  @BeforeEach
  void makeLayer() {
    tar = new LayerBuilder().directory("etc").file("etc/motd", "hello").tar();
  }

  private static byte[] frame(byte[] content, int level) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZstdOutputStreamNoFinalizer zstd = new ZstdOutputStreamNoFinalizer(out, level)) {
      zstd.write(content);
    }
    return out.toByteArray();
  }

  private static byte[] skippable(int size) {
    return ByteBuffer.allocate(8 + size)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(0x184d2a50)
        .putInt(size)
        .array();
  }

  private LayerArchive archive(byte[]... parts) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    Arrays.stream(parts).forEach(all::writeBytes);
    return new LayerArchive(
        Files.write(directory.resolve("layer"), all.toByteArray()),
        ImageLimits.DEFAULT,
        Deadline.after(Duration.ofMinutes(1)));
  }

  private Digest diffId() {
    return Digest.sha256(tar);
  }

  @Test
  void index_zstdOfLevel22_isRead() throws IOException {
    assertThat(archive(frame(tar, 22)).index(diffId()).items()).hasSizeGreaterThanOrEqualTo(2);
  }

  @Test
  void index_zstdChunked_isRead() throws IOException {
    byte[] chunked = skippable(64);
    LayerArchive archive =
        archive(
            skippable(0),
            frame(Arrays.copyOf(tar, 512), 3),
            frame(Arrays.copyOfRange(tar, 512, tar.length), 3),
            chunked);

    try (InputStream in = archive.open()) {
      assertThat(in.readAllBytes()).isEqualTo(tar);
    }
    assertThat(archive.index(diffId()).items()).hasSizeGreaterThanOrEqualTo(2);
  }

  @Test
  void index_windowBeyondWhatIsRead_saysItIsNotDamage() throws IOException {
    byte[] large = frame(tar, 3);
    large[5] = (byte) (18 << 3);

    assertThatThrownBy(() -> archive(large).index(diffId()))
        .isInstanceOf(InvalidLayerException.class)
        .hasMessageContaining("it cannot be read here: a zstd frame has a window of 256 MiB");
  }

  @Test
  void index_cutOff_isDamage() throws IOException {
    byte[] whole = frame(tar, 3);

    assertThatThrownBy(() -> archive(Arrays.copyOf(whole, whole.length - 9)).index(diffId()))
        .isInstanceOf(InvalidLayerException.class)
        .hasMessageContaining("it cannot be decompressed: zstd data ends in the middle of a frame");
  }
}
