package io.katajava.compress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.ZstdCompressCtx;
import com.github.luben.zstd.ZstdOutputStreamNoFinalizer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ZstdInputStreamTest {
  private static final byte[] TEXT =
      "what the field writes, ".repeat(1_000).getBytes(StandardCharsets.UTF_8);

  @TempDir Path root;

  /** A frame whose size was not known when it was begun, as {@code tar | zstd} makes it. */
  private static byte[] frame(byte[] content, int level, int windowLog) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZstdOutputStreamNoFinalizer zstd = new ZstdOutputStreamNoFinalizer(out, level)) {
      if (windowLog > 0) {
        zstd.setLong(windowLog);
      }
      zstd.setChecksum(true);
      zstd.write(content);
    }
    return out.toByteArray();
  }

  private static byte[] skippable(int kind, byte[] content) {
    return ByteBuffer.allocate(8 + content.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(0x184d2a50 + kind)
        .putInt(content.length)
        .put(content)
        .array();
  }

  private static byte[] joined(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Arrays.stream(parts).forEach(out::writeBytes);
    return out.toByteArray();
  }

  private static byte[] read(byte[] compressed) throws IOException {
    try (InputStream in = new ZstdInputStream(new ByteArrayInputStream(compressed))) {
      return in.readAllBytes();
    }
  }

  private MemoryWatch machine(long availableMiB) throws IOException {
    Files.createDirectories(root.resolve("proc/self"));
    Files.writeString(
        root.resolve("proc/meminfo"),
        "MemTotal: 99999999 kB\nMemAvailable:   " + (availableMiB << 10) + " kB\n");
    return new MemoryWatch(root);
  }

  private void group(String path, String limit, long used, long inactiveFile) throws IOException {
    Path group = Files.createDirectories(root.resolve("sys/fs/cgroup" + path));
    Files.writeString(group.resolve("memory.max"), limit + "\n");
    Files.writeString(group.resolve("memory.current"), used + "\n");
    Files.writeString(group.resolve("memory.stat"), "anon 1\ninactive_file " + inactiveFile + "\n");
  }

  private static InputStream open(byte[] compressed, MemoryWatch memory) {
    return new ZstdInputStream(new ByteArrayInputStream(compressed), memory);
  }

  @ParameterizedTest
  @CsvSource({"-5, 0", "1, 0", "3, 0", "19, 0", "22, 0", "3, 24", "3, 27"})
  void read_anyLevelAndWindow_isTheContent(int level, int windowLog) throws IOException {
    assertThat(read(frame(TEXT, level, windowLog))).isEqualTo(TEXT);
  }

  @Test
  void read_matchBeyondEightMebibytes_isFound() throws IOException {
    byte[] content = new byte[40 << 20];
    byte[] start = new byte[1 << 20];
    new Random(1).nextBytes(start);
    System.arraycopy(start, 0, content, 0, start.length);
    System.arraycopy(start, 0, content, content.length - start.length, start.length);
    byte[] compressed = frame(content, 3, 27);

    // Else the second copy was stored again, and this test shows nothing.
    assertThat(compressed.length).isLessThan(start.length * 3 / 2);
    assertThat(Arrays.equals(read(compressed), content)).isTrue();
  }

  @Test
  void read_contentSizeAsWindow_isTheContent() throws IOException {
    try (ZstdCompressCtx context = new ZstdCompressCtx()) {
      for (int size : List.of(0, 1, 255, 256, 65_535, 65_791, 65_792, 9 << 20)) {
        byte[] content = new byte[size];
        new Random(size).nextBytes(content);

        assertThat(read(context.compress(content))).isEqualTo(content);
      }
    }
  }

  @Test
  void read_skippableFramesEverywhere_areLeftOut() throws IOException {
    byte[] compressed =
        joined(
            skippable(0, new byte[0]),
            skippable(15, TEXT),
            frame(TEXT, 3, 0),
            skippable(7, new byte[70_000]),
            frame(new byte[0], 3, 0),
            frame(TEXT, 22, 0),
            // zstd:chunked ends with its table of contents and a footer.
            skippable(0, new byte[40]));

    assertThat(ZstdInputStream.isZstd(compressed)).isTrue();
    assertThat(read(compressed)).isEqualTo(joined(TEXT, TEXT));
  }

  @Test
  void read_parallelFramesWithTheirSizes_isTheContent() throws IOException {
    ByteArrayOutputStream compressed = new ByteArrayOutputStream();
    for (int i = 0; i < 20; i++) {
      byte[] part = frame(TEXT, 3, 0);
      byte[] size =
          ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(part.length).array();
      compressed.writeBytes(joined(skippable(0, size), part));
    }

    assertThat(read(compressed.toByteArray())).hasSize(20 * TEXT.length);
  }

  @Test
  void read_onlySkippableFrames_isEmpty() throws IOException {
    assertThat(read(skippable(3, TEXT))).isEmpty();
  }

  @Property(tries = 60)
  void read_anyFramesInAnyPieces_isTheContent(
      @ForAll @Size(max = 5) List<byte[]> contents,
      @ForAll @IntRange(min = 1, max = 40) int piece,
      @ForAll @IntRange(min = 1, max = 19) int level)
      throws IOException {
    ByteArrayOutputStream compressed = new ByteArrayOutputStream();
    ByteArrayOutputStream expected = new ByteArrayOutputStream();
    for (byte[] content : contents) {
      compressed.writeBytes(joined(frame(content, level, 0), skippable(1, content)));
      expected.writeBytes(content);
    }
    InputStream inPieces =
        new FilterInputStream(new ByteArrayInputStream(compressed.toByteArray())) {
          @Override
          public int read(byte[] to, int offset, int length) throws IOException {
            return super.read(to, offset, Math.min(length, piece));
          }
        };
    ByteArrayOutputStream found = new ByteArrayOutputStream();
    try (InputStream in = new ZstdInputStream(inPieces)) {
      byte[] some = new byte[piece];
      for (int count = in.read(some); count >= 0; count = in.read(some)) {
        found.write(some, 0, count);
      }
      assertThat(in.read()).isEqualTo(-1);
    }

    assertThat(found.toByteArray()).isEqualTo(expected.toByteArray());
  }

  @Test
  void read_cutAnywhere_isAnErrorExceptBetweenFrames() throws IOException {
    byte[] first = joined(skippable(2, new byte[5]), frame(TEXT, 3, 0));
    byte[] whole = joined(first, frame(TEXT, 3, 0));
    List<Integer> ends = List.of(0, 13, first.length);
    for (int length = 0; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      if (ends.contains(length)) {
        assertThat(read(cut).length % TEXT.length).isZero();
      } else {
        assertThatThrownBy(() -> read(cut))
            .as("cut after %s bytes", length)
            .isInstanceOf(MalformedDataException.class)
            .hasMessageContaining("middle of a frame");
      }
    }
  }

  @Test
  void read_oneBitFlipped_isNeverAnotherContent() throws IOException {
    byte[] whole = frame(TEXT, 3, 0);
    for (int bit = 0; bit < whole.length * 8; bit++) {
      byte[] flipped = whole.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      try {
        byte[] found = read(flipped);
        // A flipped magic may be one of a frame to be skipped, a window may be another one.
        assertThat(found.length == 0 || Arrays.equals(found, TEXT)).as("bit %s", bit).isTrue();
      } catch (MalformedDataException | UnreadableFormatException e) {
        assertThat(e.getMessage()).as("bit %s", bit).isNotBlank();
      }
    }
  }

  @Test
  void read_somethingElseAfterAFrame_saysWhat() throws IOException {
    byte[] compressed = joined(frame(TEXT, 3, 0), "tail".getBytes(StandardCharsets.US_ASCII));

    assertThatThrownBy(() -> read(compressed))
        .isInstanceOf(MalformedDataException.class)
        .hasMessage("what should be a zstd frame begins with 6c696174");
  }

  @ParameterizedTest
  @ValueSource(ints = {28, 31})
  void read_largerWindow_saysHowLarge(int windowLog) throws IOException {
    byte[] compressed = frame(TEXT, 3, 27);
    compressed[5] = (byte) ((windowLog - 10) << 3);

    assertThatThrownBy(() -> read(compressed))
        .isInstanceOf(UnreadableFormatException.class)
        .hasMessageContaining("a window of " + (1L << (windowLog - 20)) + " MiB; up to 128 MiB");
  }

  @Test
  void read_windowLargerThanAvailableMemory_saysBoth() throws IOException {
    try (InputStream in = open(frame(TEXT, 3, 27), machine(100))) {
      assertThatThrownBy(in::readAllBytes)
          .isInstanceOf(UnreadableFormatException.class)
          .hasMessageContaining("a window of 128 MiB, and only 100 MiB of memory are available");
    }
    try (InputStream in = open(frame(TEXT, 19, 0), machine(1))) {
      assertThat(in.readAllBytes()).isEqualTo(TEXT);
    }
  }

  @Test
  void read_windowLargerThanTheControlGroupHas_saysSo() throws IOException {
    MemoryWatch memory = machine(10_000);
    Files.writeString(root.resolve("proc/self/cgroup"), "0::/pod/app\n");
    group("/pod", Long.toString(256L << 20), 180L << 20, 40L << 20);
    group("/pod/app", "max", 0, 0);

    try (InputStream in = open(frame(TEXT, 3, 27), memory)) {
      assertThatThrownBy(in::readAllBytes).hasMessageContaining("only 116 MiB of memory");
    }
    group("/pod", Long.toString(256L << 20), 180L << 20, 60L << 20);
    try (InputStream in = open(frame(TEXT, 3, 27), memory)) {
      assertThat(in.readAllBytes()).isEqualTo(TEXT);
    }
  }

  @Test
  void read_windowLargerThanAGroupOfVersion1Has_saysSo() throws IOException {
    MemoryWatch memory = machine(10_000);
    Files.writeString(root.resolve("proc/self/cgroup"), "9:name=x:/\n4:cpu,memory:/app\n0::/\n");
    Path group = Files.createDirectories(root.resolve("sys/fs/cgroup/memory/app"));
    Files.writeString(group.resolve("memory.limit_in_bytes"), (200L << 20) + "\n");
    Files.writeString(group.resolve("memory.usage_in_bytes"), (150L << 20) + "\n");
    Files.writeString(group.resolve("memory.stat"), "total_inactive_file " + (20L << 20) + "\n");

    try (InputStream in = open(frame(TEXT, 3, 27), memory)) {
      assertThatThrownBy(in::readAllBytes).hasMessageContaining("only 70 MiB of memory");
    }
  }

  @Test
  void read_severalAtOnce_countWhatTheOthersHaveNotFilledYet() throws IOException {
    MemoryWatch memory = machine(200);
    byte[] compressed = frame(TEXT, 3, 27);
    try (InputStream first = open(compressed, memory)) {
      assertThat(first.read()).isNotNegative();
      try (InputStream second = open(compressed, memory)) {
        assertThatThrownBy(second::read).hasMessageContaining("only 72 MiB of memory");
      }
    }
    assertThat(memory.promised()).isZero();
    try (InputStream third = open(compressed, memory)) {
      assertThat(third.readAllBytes()).isEqualTo(TEXT);
    }
    assertThat(memory.promised()).isZero();
  }

  @Test
  void read_dictionaryWanted_namesIt() throws IOException {
    byte[] compressed = {
      0x28, (byte) 0xb5, 0x2f, (byte) 0xfd, 0x03, 0x00, 0x78, 0x56, 0x34, 0x12, 0x01, 0x00, 0x00
    };

    assertThatThrownBy(() -> read(compressed))
        .isInstanceOf(UnreadableFormatException.class)
        .hasMessageContaining("dictionary 305419896");
  }

  @Test
  void read_sourceFails_isItsOwnError() throws IOException {
    IOException failure = new IOException("the disk is gone");
    InputStream source =
        new FilterInputStream(new ByteArrayInputStream(frame(TEXT, 3, 0), 0, 20)) {
          @Override
          public int read(byte[] to, int offset, int length) throws IOException {
            int count = super.read(to, offset, length);
            if (count < 0) {
              throw failure;
            }
            return count;
          }
        };
    try (InputStream in = new ZstdInputStream(source)) {
      assertThatThrownBy(in::readAllBytes).isSameAs(failure);
    }
  }

  @Test
  void read_afterClose_fails() throws IOException {
    InputStream in = new ZstdInputStream(new ByteArrayInputStream(frame(TEXT, 3, 0)));
    in.close();
    in.close();

    assertThatThrownBy(in::read).hasMessageContaining("closed");
  }

  @Test
  void close_always_closesWhatItReads() throws IOException {
    for (boolean read : new boolean[] {false, true}) {
      boolean[] closed = {false};
      InputStream source =
          new FilterInputStream(new ByteArrayInputStream(frame(TEXT, 3, 0))) {
            @Override
            public void close() throws IOException {
              closed[0] = true;
              super.close();
            }
          };
      try (InputStream in = new ZstdInputStream(source)) {
        if (read) {
          assertThat(in.read()).isEqualTo('w');
        }
      }
      assertThat(closed[0]).isTrue();
    }
  }
}
