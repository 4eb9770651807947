package io.katajava.internal.net;

import io.katajava.EgressPolicy;
import io.katajava.PublishedPort;
import io.katajava.internal.net.FakeGuestLink.Packet;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.channels.FileChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

/**
 * A JVM that may open few descriptors, with a network whose guest or whose peers want many. Says
 * what is left of it, one {@code name=value} a line. Everything stays on the loopback.
 */
@SuppressWarnings("SystemOut")
final class NarrowJvm {
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
  private static final Ip LOCAL = Ip.parse("127.0.0.1");
  private static final byte[] NOTHING = {};
  private static final int WATCHED_MILLIS = 2000;

  private NarrowJvm() {}

  public static void main(String[] arguments) throws Exception {
    int count = Integer.parseInt(arguments[1]);
    switch (arguments[0]) {
      case "syns" -> syns(count);
      case "churn" -> churn(count);
      case "datagrams" -> datagrams(count);
      case "accept" -> accept();
      case "link" -> link();
      case "silent" -> silent(count);
      default -> throw new IllegalArgumentException(arguments[0]);
    }
    System.exit(0);
  }

  private static OpenNetwork open() throws IOException {
    return new OpenNetwork(
        EgressPolicy.denyAll().allow("127.0.0.0/8"), List.of(), Map.of(), List.of(), ip -> true);
  }

  private static void say(String name, Object value) {
    System.out.println(name + "=" + value);
  }

  /** Everything the guest sent before is done with when this returns. */
  private static int settled(OpenNetwork open) throws Exception {
    int resets = 0;
    open.guest.ip(
        Packets.PROTOCOL_ICMP, FakeGuestLink.GATEWAY, new byte[] {8, 0, 0, 0, 0, 1, 0, 1});
    while (true) {
      Packet packet = open.guest.next();
      if (packet.protocol() == Packets.PROTOCOL_ICMP && packet.content().get(0) == 0) {
        return resets;
      } else if (packet.protocol() == Packets.PROTOCOL_TCP && (packet.flags() & Packets.RST) != 0) {
        resets++;
      }
    }
  }

  private static void syns(int count) throws Exception {
    try (OpenNetwork open = open();
        SilentService silent = new SilentService();
        ServerSocket live = new ServerSocket(0, 50, LOOPBACK)) {
      warmUp();
      say("before", descriptors());
      for (int i = 0; i < count; i++) {
        open.guest.tcp(LOCAL, 2000 + i, silent.port(), Packets.SYN, 1, 0, NOTHING);
      }
      say("resets", settled(open));
      tell(open);
      open.guest.tcp(LOCAL, 1999, live.getLocalPort(), Packets.SYN, 1, 0, NOTHING);
      Packet answer = open.guest.next(Packets.ACK);
      say("other", (answer.flags() & Packets.SYN) != 0 ? "served" : "refused");
    }
  }

  /** Connections that the guest gives up at once, in one batch with those that come after. */
  private static void churn(int count) throws Exception {
    try (OpenNetwork open = open();
        SilentService silent = new SilentService()) {
      warmUp();
      AtomicBoolean always = new AtomicBoolean(true);
      AtomicBoolean over = new AtomicBoolean();
      Thread watcher =
          new Thread(
              () -> {
                while (!over.get()) {
                  if (!works(() -> Files.newInputStream(Path.of("/proc/self/status")))
                      .equals("ok")) {
                    always.set(false);
                  }
                }
              });
      watcher.start();
      for (int i = 0; i < count; i++) {
        open.guest.tcp(LOCAL, 2000 + i, silent.port(), Packets.SYN, 1, 0, NOTHING);
        open.guest.tcp(LOCAL, 2000 + i, silent.port(), Packets.RST, 2, 0, NOTHING);
      }
      settled(open);
      over.set(true);
      watcher.join();
      say("always", always.get());
      tell(open);
    }
  }

  private static void datagrams(int count) throws Exception {
    try (OpenNetwork open = open();
        DatagramSocket silent = new DatagramSocket(0, LOOPBACK)) {
      warmUp();
      say("before", descriptors());
      for (int i = 0; i < count; i++) {
        open.guest.udp(LOCAL, 2000 + i, silent.getLocalPort(), new byte[] {1});
      }
      settled(open);
      tell(open);
    }
  }

  private static void tell(OpenNetwork open) throws Exception {
    say("open", descriptors());
    say("file", works(() -> Files.newInputStream(Path.of("/proc/self/status"))));
    say("socket", works(DatagramSocket::new));
    say("cpu", networkCpuMillis(open.threadName(), WATCHED_MILLIS));
    say("threads", Thread.getAllStackTraces().size());
    System.gc();
    say("heapKiB", heap() >> 10);
  }

  private static void accept() throws Exception {
    Deque<FileChannel> hoard = new ArrayDeque<>();
    try (OpenNetwork open = open();
        SocketChannel client = SocketChannel.open()) {
      int port = open.network.publish(PublishedPort.tcp(80)).host().getPort();
      settled(open);
      warmUp();
      exhaust(hoard);
      client.connect(new InetSocketAddress(LOOPBACK, port));
      say("cpu", networkCpuMillis(open.threadName(), WATCHED_MILLIS));
      long begin = System.nanoTime();
      for (int i = 0; i < 8; i++) {
        hoard.pop().close();
      }
      open.guest.next(Packets.SYN);
      say("paused", open.network.statistics().acceptPauses() > 0);
      say("acceptedAfterMillis", (System.nanoTime() - begin) / 1_000_000);
    } finally {
      for (FileChannel one : hoard) {
        one.close();
      }
    }
  }

  private static void link() throws Exception {
    Deque<FileChannel> hoard = new ArrayDeque<>();
    Path directory = Files.createTempDirectory("net");
    try (OpenNetwork open = open();
        SocketChannel hypervisor = SocketChannel.open(java.net.StandardProtocolFamily.UNIX)) {
      Path socket = directory.resolve("t");
      settled(open);
      open.network.listen(socket);
      settled(open);
      warmUp();
      exhaust(hoard);
      hypervisor.connect(java.net.UnixDomainSocketAddress.of(socket));
      say("cpu", networkCpuMillis(open.threadName(), WATCHED_MILLIS));
    } finally {
      for (FileChannel one : hoard) {
        one.close();
      }
      Files.deleteIfExists(directory.resolve("t"));
      Files.delete(directory);
    }
  }

  private static void exhaust(Deque<FileChannel> hoard) throws IOException {
    Path nothing = Path.of("/dev/null");
    try {
      while (hoard.size() < 100_000) {
        hoard.push(FileChannel.open(nothing));
      }
    } catch (IOException e) {
      // All are taken.
      return;
    }
  }

  /** Answers every wish to connect, as a guest's kernel does. */
  private static void answer(OpenNetwork open) {
    try {
      while (true) {
        Packet packet = open.guest.next();
        if (packet.protocol() == Packets.PROTOCOL_TCP
            && (packet.flags() & (Packets.SYN | Packets.RST)) == Packets.SYN) {
          open.guest.tcp(
              packet.from(),
              packet.guestPort(),
              packet.port(),
              Packets.SYN | Packets.ACK,
              500,
              packet.sequence() + 1,
              NOTHING);
        } else if (packet.protocol() == Packets.PROTOCOL_TCP && packet.data().length > 0) {
          open.guest.tcp(
              packet.from(),
              packet.guestPort(),
              packet.port(),
              Packets.ACK | Packets.PSH,
              501,
              packet.sequence() + packet.data().length,
              packet.data());
        }
      }
    } catch (IOException | InterruptedException e) {
      return;
    }
  }

  private static void silent(int count) throws Exception {
    List<Socket> peers = new ArrayList<>();
    try (OpenNetwork open = open()) {
      Thread guest = new Thread(() -> answer(open), "guest");
      guest.setDaemon(true);
      guest.start();
      int port = open.network.publish(PublishedPort.tcp(80)).host().getPort();
      warmUp();
      say("before", descriptors());
      for (int i = 0; i < count; i++) {
        peers.add(new Socket(LOOPBACK, port));
      }
      int reset = 0;
      int ended = 0;
      for (Socket peer : peers.subList(count - 20, count)) {
        String end = end(peer);
        reset += end.equals("reset") ? 1 : 0;
        ended += end.equals("ended") ? 1 : 0;
      }
      say("lastReset", reset);
      say("lastEnded", ended);
      say("open", descriptors());
      say("cpu", networkCpuMillis(open.threadName(), WATCHED_MILLIS));
      System.gc();
      say("heapKiB", heap() >> 10);
      say("threads", Thread.getAllStackTraces().size());
      long begin = System.nanoTime();
      boolean served = false;
      while (!served && System.nanoTime() - begin < 40_000_000_000L) {
        served = isServed(port);
      }
      say("evicted", open.network.statistics().evicted());
      say("newcomer", served ? "served" : "not served");
      say("newcomerAfterMillis", (System.nanoTime() - begin) / 1_000_000);
    } finally {
      for (Socket peer : peers) {
        peer.close();
      }
    }
  }

  private static String end(Socket peer) throws IOException {
    peer.setSoTimeout(200);
    try {
      return peer.getInputStream().read() < 0 ? "ended" : "data";
    } catch (SocketTimeoutException e) {
      return "open";
    } catch (IOException e) {
      return "reset";
    }
  }

  private static boolean isServed(int port) throws InterruptedException {
    try (Socket newcomer = new Socket(LOOPBACK, port)) {
      newcomer.setSoTimeout(5000);
      newcomer.getOutputStream().write(7);
      return newcomer.getInputStream().read() == 7;
    } catch (IOException e) {
      Thread.sleep(100);
      return false;
    }
  }

  private interface Opening {
    AutoCloseable open() throws Exception;
  }

  private static String works(Opening opening) {
    try (AutoCloseable opened = opening.open()) {
      return opened == null ? "no" : "ok";
    } catch (Exception e) {
      return String.valueOf(e.getMessage());
    }
  }

  private static void load(Path directory, String packageName) throws Exception {
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".class")).toList()) {
        String name = file.getFileName().toString();
        Class.forName(
            packageName + name.substring(0, name.length() - ".class".length()),
            packageName.contains("internal"),
            NarrowJvm.class.getClassLoader());
      }
    }
  }

  /** Loads what is used when nothing can be opened any more; from a directory it could not be. */
  private static void warmUp() throws Exception {
    for (Class<?> one : List.of(UserNetwork.class, NarrowJvm.class)) {
      Path root = Path.of(one.getProtectionDomain().getCodeSource().getLocation().toURI());
      for (String name : List.of("io.katajava.", "io.katajava.internal.net.")) {
        load(root.resolve(name.replace('.', '/')), name);
      }
    }
    works(() -> Files.newInputStream(Path.of("/proc/self/status")));
    works(DatagramSocket::new);
    networkCpuMillis("none", 1);
    heap();
    descriptors();
    try (InputStream in = Files.newInputStream(Path.of("/dev/null"))) {
      in.read();
    }
  }

  private static long descriptors() throws IOException {
    try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
      return all.count() - 1;
    } catch (IOException e) {
      return -1;
    }
  }

  private static long heap() {
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private static long networkCpuMillis(String thread, long millis) throws InterruptedException {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long id =
        Thread.getAllStackTraces().keySet().stream()
            .filter(one -> one.getName().equals(thread))
            .mapToLong(Thread::getId)
            .findFirst()
            .orElse(-1);
    long before = id < 0 ? 0 : threads.getThreadCpuTime(id);
    Thread.sleep(millis);
    return id < 0 ? 0 : (threads.getThreadCpuTime(id) - before) / 1_000_000;
  }
}
