package io.katajava.qemu.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SealedMemoryTest {
  private static final int SIZE = 32 << 20;

  @TempDir Path directory;
  private Path file;

  /** Data at the beginning, in the middle and at the very end, holes between. */
  @BeforeEach
  void makeFile() throws IOException {
    file = directory.resolve("memory");
    try (RandomAccessFile memory = new RandomAccessFile(file.toFile(), "rw")) {
      memory.setLength(SIZE);
      for (long at : new long[] {0, SIZE / 2 - 100, SIZE - 3}) {
        memory.seek(at);
        memory.write("abc".getBytes(StandardCharsets.US_ASCII));
      }
    }
  }

  @Test
  void copy_isTheSameAndItsHolesStayHoles() throws IOException {
    try (SealedMemory copy = SealedMemory.copyOf(file)) {
      assertThat(Files.mismatch(file, copy.path())).isEqualTo(-1);
      assertThat(blocks(copy.path())).isLessThan(SIZE / 512 / 8);
    }
  }

  /** In units of 512 bytes; another process looks, so it needs this one's number. */
  private static long blocks(Path path) throws IOException {
    String name = path.toString().replace("self", "" + ProcessHandle.current().pid());
    Process stat = new ProcessBuilder("stat", "-L", "-c", "%b", name).start();
    try (var out = stat.getInputStream()) {
      return Long.parseLong(new String(out.readAllBytes(), StandardCharsets.US_ASCII).strip());
    }
  }

  @Test
  void copy_openedForWriting_cannotBeChangedEvenByRoot() throws IOException {
    try (SealedMemory copy = SealedMemory.copyOf(file);
        FileChannel channel =
            FileChannel.open(copy.path(), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      assertThatIOException().isThrownBy(() -> channel.write(ByteBuffer.allocate(1), 0));
      assertThatIOException().isThrownBy(() -> channel.truncate(0));
      assertThatIOException().isThrownBy(() -> channel.write(ByteBuffer.allocate(1), SIZE));
      assertThatIOException().isThrownBy(() -> channel.map(MapMode.READ_WRITE, 0, SIZE));
      ByteBuffer own = channel.map(MapMode.PRIVATE, 0, SIZE);
      own.put(0, (byte) 'X');
      assertThat(Files.mismatch(file, copy.path())).isEqualTo(-1);
    }
  }

  @Test
  void copies_ofTheSameFile_areOneUntilItChanges() throws IOException {
    SealedMemories copies = new SealedMemories();
    try (SealedMemories.Lease one = copies.of(file);
        SealedMemories.Lease same = copies.of(file)) {
      assertThat(same.path()).isEqualTo(one.path());

      Files.write(file, new byte[] {1, 2, 3});
      Files.setLastModifiedTime(file, FileTime.fromMillis(1));
      try (SealedMemories.Lease changed = copies.of(file)) {
        assertThat(changed.path()).isNotEqualTo(one.path());
        assertThat(Files.readAllBytes(changed.path())).containsExactly(1, 2, 3);
        assertThat(Files.size(one.path())).as("who has it keeps it").isEqualTo(SIZE);
      }
    }
  }

  @Test
  void copies_unused_areClosedButTheLast() throws IOException {
    long before = openMemories();
    SealedMemories copies = new SealedMemories();
    for (int i = 0; i < 4; i++) {
      Path other = Files.write(directory.resolve("other" + i), new byte[] {(byte) i});
      copies.of(other).close();
    }
    assertThat(openMemories() - before).isEqualTo(2);

    try (SealedMemories.Lease used = copies.of(file)) {
      for (int i = 0; i < 4; i++) {
        copies.of(directory.resolve("other" + i)).close();
      }
      assertThat(Files.size(used.path())).isEqualTo(SIZE);
      assertThat(openMemories() - before).isEqualTo(3);
    }
    assertThat(openMemories() - before).isEqualTo(2);
  }

  @Test
  void copy_ofWhatIsNotThere_isAnErrorAndLeavesNothing() {
    long before = openMemories();
    assertThatIOException()
        .isThrownBy(() -> SealedMemory.copyOf(directory.resolve("none")))
        .withMessageContaining("none");
    assertThat(openMemories()).isEqualTo(before);
  }

  private static long openMemories() {
    String[] open = new java.io.File("/proc/self/fd").list();
    return Arrays.stream(open)
        .filter(
            number -> {
              try {
                return Files.readSymbolicLink(Path.of("/proc/self/fd", number))
                    .toString()
                    .contains("kata-memory");
              } catch (IOException e) {
                return false;
              }
            })
        .count();
  }
}
