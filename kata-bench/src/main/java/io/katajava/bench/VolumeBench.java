package io.katajava.bench;

import io.katajava.Container;
import io.katajava.DirectorySharing;
import io.katajava.Kata;
import io.katajava.MemorySize;
import io.katajava.Sandbox;
import io.katajava.SandboxStartException;
import io.katajava.Volume;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * How fast a large file gets through a volume: copied, shared by virtio-fs, on a disk, and beside
 * them in the guest's own memory.
 */
final class VolumeBench {
  private static final String DISK = "kata-bench";

  private final int rounds;
  private final long bytes;
  private final PrintWriter out;

  VolumeBench(int rounds, long bytes, PrintWriter out) {
    this.rounds = rounds;
    this.bytes = bytes;
    this.out = out;
  }

  void run(Kata kata, Sandbox sandbox) throws IOException {
    Path directory = Files.createTempDirectory("kata-bench-volume");
    try {
      write(directory.resolve("data"));
      out.printf(Locale.ROOT, "%n");
      out.print(Samples.header("MB/s"));
      copied(sandbox, directory);
      Files.delete(directory.resolve("data"));
      Volume memory = Volume.tmpfs(MemorySize.bytes(2 * bytes));
      mounted(
          "guest memory", sandbox, memory, () -> {}, container -> make(container, "/data/data"));
      Volume disk = Volume.disk(DISK, MemorySize.bytes(4 * bytes + (64L << 20)));
      mounted("disk", sandbox, disk, () -> makeIn(sandbox, disk), container -> {});
      try (Sandbox sharing = kata.sandbox().directories(DirectorySharing.VIRTIO_FS).start()) {
        mounted(
            "directory by virtio-fs",
            sharing,
            Volume.hostDirectory(directory).writable(),
            () -> write(directory.resolve("data")),
            container -> {});
      } catch (SandboxStartException e) {
        out.println("directory by virtio-fs: " + e.getMessage());
      }
      out.flush();
    } finally {
      kata.disks().remove(DISK);
      Files.deleteIfExists(directory.resolve("data"));
      Files.deleteIfExists(directory.resolve("made"));
      Files.deleteIfExists(directory);
    }
  }

  /** What brings the file about before there is a container that reads it. */
  private interface Source {
    void make() throws IOException;
  }

  /** By a container that is gone when the disk is read: so is what the guest remembers of it. */
  private void makeIn(Sandbox sandbox, Volume volume) {
    try (Container container = sandbox.container("maker").volume("/data", volume).start()) {
      make(container, "/data/data");
    }
  }

  private void copied(Sandbox sandbox, Path directory) {
    Samples in = new Samples();
    Samples back = new Samples();
    for (int i = 0; i < rounds; i++) {
      long begin = System.nanoTime();
      Container container =
          sandbox
              .container("volume" + i)
              .volume("/data", Volume.hostDirectory(directory).writable())
              .start();
      in.addMillis(NetBench.rate(bytes, begin));
      begin = System.nanoTime();
      container.close();
      back.addMillis(NetBench.rate(bytes, begin));
    }
    out.print(in.toRow("volume copied in, and start"));
    out.print(back.toRow("volume copied back, and end"));
  }

  private void mounted(
      String what, Sandbox sandbox, Volume volume, Source before, Consumer<Container> inside)
      throws IOException {
    Samples read = new Samples();
    Samples written = new Samples();
    for (int i = 0; i < rounds; i++) {
      before.make();
      try (Container container = sandbox.container("mounted").volume("/data", volume).start()) {
        inside.accept(container);
        container.exec("true").orThrow();
        long begin = System.nanoTime();
        container.exec("dd", "if=/data/data", "of=/dev/null", "bs=1M").orThrow();
        read.addMillis(NetBench.rate(bytes, begin));
        container.exec("rm", "-f", "/data/data").orThrow();
        begin = System.nanoTime();
        make(container, "/data/made");
        written.addMillis(NetBench.rate(bytes, begin));
        container.exec("rm", "-f", "/data/made").orThrow();
      }
    }
    out.print(read.toRow(what + ", read"));
    out.print(written.toRow(what + ", written, fsync"));
  }

  private void make(Container container, String file) {
    container
        .exec("dd", "if=/dev/zero", "of=" + file, "bs=1M", "count=" + (bytes >> 20), "conv=fsync")
        .orThrow();
  }

  private void write(Path file) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      ByteBuffer piece = ByteBuffer.allocate(1 << 20);
      Arrays.fill(piece.array(), (byte) 1);
      for (long left = bytes; left > 0; left -= piece.capacity()) {
        channel.write(piece.clear());
      }
    }
  }
}
