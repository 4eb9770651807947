package io.katajava.bench;

import io.katajava.Container;
import io.katajava.Execution;
import io.katajava.Kata;
import io.katajava.MemorySize;
import io.katajava.Sandbox;
import io.katajava.agent.transport.Connection;
import io.katajava.agent.transport.UnixSocketConnection;
import io.katajava.qemu.QemuConfig;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;

/**
 * A container's streams in pairs with the floor: the same bytes through a second, bare virtio port
 * of the same machine, written and read without any protocol.
 */
final class IoBench {
  private static final String PORT = "io.katajava.bench.raw";
  private static final int FILE_MEBIBYTES = 64;
  private static final int PIECE = 256 * 1024;

  /** Makes the device node of the bare port and the file that is sent over and over. */
  private static final String SET_UP =
      """
      for p in /sys/class/virtio-ports/*; do
        if [ "$(cat $p/name)" = %s ]; then
          IFS=: read -r major minor <$p/dev
          mknod /dev/raw-port c $major $minor
        fi
      done
      test -c /dev/raw-port && dd if=/dev/urandom of=/data bs=1M count=%d 2>/dev/null
      """
          .formatted(PORT, FILE_MEBIBYTES);

  private final int rounds;
  private final int repeats;
  private final PrintWriter out;

  IoBench(int rounds, MemorySize size, PrintWriter out) {
    this.rounds = rounds;
    this.repeats = (int) Math.max(1, size.toMebibytes() / FILE_MEBIBYTES);
    this.out = out;
  }

  private long bytes() {
    return ((long) repeats * FILE_MEBIBYTES) << 20;
  }

  void run() throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory("kata-bench-");
    Path socket = directory.resolve("raw");
    QemuConfig qemu =
        QemuConfig.builder()
            .memory(MemorySize.mebibytes(512))
            .extraArguments("-chardev", "socket,id=raw,server=on,wait=off,path=" + socket)
            .extraArguments("-device", "virtserialport,chardev=raw,name=" + PORT)
            .build();
    try (Kata kata = Kata.builder().hypervisor(qemu).build();
        Sandbox sandbox = kata.sandbox().image("busybox").start();
        Container container = sandbox.container("io").image("busybox").start()) {
      container.exec("sh", "-c", SET_UP).orThrow();
      try (Connection raw = UnixSocketConnection.connect(socket, Duration.ofSeconds(10))) {
        measure(container, raw);
      }
    } finally {
      Files.deleteIfExists(socket);
      Files.deleteIfExists(directory);
    }
    CopyBench.run(rounds, out);
  }

  private void measure(Container container, Connection raw)
      throws IOException, InterruptedException {
    Samples ours = new Samples();
    Samples floor = new Samples();
    Samples ratio = new Samples();
    Samples input = new Samples();
    // One of each that is not counted: compilers, caches.
    stdout(container);
    floor(container, raw);
    resetPeaks();
    for (int i = 0; i < rounds; i++) {
      ours.addMillis(stdout(container));
      floor.addMillis(floor(container, raw));
      ratio.addMillis(ours.get(i) / floor.get(i));
    }
    long peak = peakHeap();
    for (int i = 0; i < rounds; i++) {
      input.addMillis(stdin(container));
    }
    out.printf(Locale.ROOT, "%d MiB per stream, %d rounds%n%n", bytes() >> 20, rounds);
    out.print(Samples.header("MB/s"));
    out.print(ours.toRow("container's stdout"));
    out.print(floor.toRow("floor: cat to a bare port"));
    out.print(input.toRow("container's stdin"));
    out.printf(
        Locale.ROOT,
        "%nstdout: %.2f of the floor (median of the pairs); peak of the heap %d MiB, direct"
            + " buffers %d MiB%n%n",
        ratio.median(),
        peak >> 20,
        direct() >> 20);
    out.flush();
  }

  private String[] cat(String redirection) {
    return new String[] {"sh", "-c", "cat" + " /data".repeat(repeats) + redirection};
  }

  private double rate(long begin) {
    return bytes() / ((System.nanoTime() - begin) / 1e3);
  }

  private double stdout(Container container) throws IOException {
    long begin = System.nanoTime();
    try (Execution cat = container.execInteractive(e -> e.command(cat("")))) {
      long count = drain(cat.stdout());
      if (count != bytes()) {
        throw new IOException(count + " bytes of output instead of " + bytes());
      }
      cat.waitFor();
      return rate(begin);
    }
  }

  private static long drain(InputStream stream) throws IOException {
    byte[] buffer = new byte[PIECE];
    long count = 0;
    for (int n = stream.read(buffer); n >= 0; n = stream.read(buffer)) {
      count += n;
    }
    return count;
  }

  private double floor(Container container, Connection raw) throws IOException {
    long begin = System.nanoTime();
    try (Execution cat = container.execInteractive(e -> e.command(cat(" >/dev/raw-port")))) {
      ByteBuffer buffer = ByteBuffer.allocateDirect(PIECE);
      for (long left = bytes(); left > 0; ) {
        int count = raw.read(buffer.clear());
        if (count < 0) {
          throw new IOException("the bare port ended with " + left + " bytes missing");
        }
        left -= count;
      }
      cat.waitFor();
      return rate(begin);
    }
  }

  private double stdin(Container container) throws IOException {
    long begin = System.nanoTime();
    try (Execution sink = container.execInteractive(e -> e.command("sh", "-c", "cat >/dev/null"))) {
      byte[] piece = new byte[PIECE];
      try (OutputStream stdin = sink.stdin()) {
        for (long left = bytes(); left > 0; left -= piece.length) {
          stdin.write(piece);
        }
      }
      sink.waitFor();
      return rate(begin);
    }
  }

  private static void resetPeaks() {
    System.gc();
    ManagementFactory.getMemoryPoolMXBeans().forEach(MemoryPoolMXBean::resetPeakUsage);
  }

  private static long peakHeap() {
    return ManagementFactory.getMemoryPoolMXBeans().stream()
        .filter(pool -> pool.getType() == MemoryType.HEAP)
        .mapToLong(pool -> pool.getPeakUsage().getUsed())
        .sum();
  }

  private static long direct() {
    return ManagementFactory.getPlatformMXBeans(java.lang.management.BufferPoolMXBean.class)
        .stream()
        .filter(pool -> pool.getName().equals("direct"))
        .mapToLong(java.lang.management.BufferPoolMXBean::getMemoryUsed)
        .sum();
  }
}
