package io.katajava.bench;

import io.katajava.MemorySize;
import io.katajava.agent.AgentClient;
import io.katajava.agent.AgentClientOptions;
import io.katajava.agent.SandboxRequest;
import io.katajava.agent.oci.OciDevice;
import io.katajava.transport.Connection;
import io.katajava.transport.UnixSocketConnection;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * A container's streams in pairs with the floor: the same bytes by the same cat through a second,
 * bare virtio port of the same machine, without any protocol.
 */
final class IoBench {
  private static final int FILE_MEBIBYTES = 64;
  private static final int PIECE = 256 * 1024;
  private static final long COPY_BYTES = 256L << 20;
  private static final String COPY_TARGET = "/run/kata-containers/shared/containers/bench";

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
    try (IoMachine machine = IoMachine.start();
        AgentClient client =
            AgentClient.connect(
                machine.agent(), AgentClientOptions.builder().name("bench").build());
        Connection bare = UnixSocketConnection.connect(machine.barePort(), seconds(10))) {
      client.createSandbox(SandboxRequest.builder("bench").build());
      IoContainer finder = IoContainer.start(client, "finder", machine.rootfs(), List.of());
      IoContainer container =
          IoContainer.start(client, "streams", machine.rootfs(), List.of(barePort(finder)));
      container.text("dd if=/dev/urandom of=/tmp/data bs=1M count=" + FILE_MEBIBYTES);
      streams(container, bare);
      copy(client, machine.directory().resolve("file"));
    }
  }

  private static Duration seconds(long seconds) {
    return Duration.ofSeconds(seconds);
  }

  private static OciDevice barePort(IoContainer finder) throws IOException {
    String numbers =
        finder.text(
            "for p in /sys/class/virtio-ports/*; do [ $(cat $p/name) = "
                + IoMachine.BARE_PORT
                + " ] && cat $p/dev; done; true");
    String[] parts = numbers.strip().split(":", 2);
    return new OciDevice(
        "/dev/bare",
        OciDevice.Type.CHARACTER,
        Long.parseLong(parts[0]),
        Long.parseLong(parts[1]),
        0600,
        0,
        0);
  }

  private void streams(IoContainer container, Connection bare) throws IOException {
    Samples ours = new Samples();
    Samples floor = new Samples();
    Samples ratio = new Samples();
    Samples input = new Samples();
    // One of each that is not counted: compilers, caches.
    stdout(container);
    floor(container, bare);
    ManagementFactory.getMemoryPoolMXBeans().forEach(MemoryPoolMXBean::resetPeakUsage);
    for (int i = 0; i < rounds; i++) {
      ours.addMillis(stdout(container));
      floor.addMillis(floor(container, bare));
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
        "%nstdout: %.2f of the floor (median of the pairs); peak of the heap %d MiB of at most"
            + " %d, direct buffers %d MiB%n%n",
        ratio.median(),
        peak >> 20,
        Runtime.getRuntime().maxMemory() >> 20,
        direct() >> 20);
    out.flush();
  }

  private String cat(String redirection) {
    return "cat" + " /tmp/data".repeat(repeats) + redirection;
  }

  /** Megabytes per second since then. */
  private static double rate(long bytes, long begin) {
    return bytes / ((System.nanoTime() - begin) / 1e3);
  }

  private double stdout(IoContainer container) throws IOException {
    long begin = System.nanoTime();
    String cat = container.exec(cat(""));
    long count = container.output(cat, OutputStream.nullOutputStream());
    container.end(cat);
    if (count != bytes()) {
      throw new IOException(count + " bytes of output instead of " + bytes());
    }
    return rate(count, begin);
  }

  private double floor(IoContainer container, Connection bare) throws IOException {
    long begin = System.nanoTime();
    String cat = container.exec(cat(" >/dev/bare"));
    ByteBuffer buffer = ByteBuffer.allocateDirect(PIECE);
    long left = bytes();
    while (left > 0) {
      int count = bare.read(buffer.clear());
      if (count < 0) {
        throw new IOException("the bare port ended with " + left + " bytes missing");
      }
      left -= count;
    }
    container.end(cat);
    return rate(bytes(), begin);
  }

  private double stdin(IoContainer container) throws IOException {
    long begin = System.nanoTime();
    String sink = container.exec("cat >/dev/null");
    ByteBuffer piece = ByteBuffer.allocate(4 << 20);
    for (long left = bytes(); left > 0; left -= piece.capacity()) {
      container.input(sink, piece.duplicate());
    }
    container.input(sink, ByteBuffer.allocate(0));
    container.end(sink);
    return rate(bytes(), begin);
  }

  private void copy(AgentClient client, Path file) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.allocate(1), COPY_BYTES - 1);
    }
    Samples rates = new Samples();
    for (int i = 0; i < rounds; i++) {
      long begin = System.nanoTime();
      client.files().copy(file, COPY_TARGET, 0644);
      rates.addMillis(rate(COPY_BYTES, begin));
    }
    out.print(Samples.header("MB/s"));
    out.print(rates.toRow("CopyFile of 256 MiB"));
    out.flush();
  }

  private static long peakHeap() {
    return ManagementFactory.getMemoryPoolMXBeans().stream()
        .filter(pool -> pool.getType() == MemoryType.HEAP)
        .mapToLong(pool -> pool.getPeakUsage().getUsed())
        .sum();
  }

  private static long direct() {
    return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
        .filter(pool -> pool.getName().equals("direct"))
        .mapToLong(BufferPoolMXBean::getMemoryUsed)
        .sum();
  }
}
