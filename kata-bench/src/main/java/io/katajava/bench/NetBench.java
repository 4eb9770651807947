package io.katajava.bench;

import io.katajava.ExecSpec;
import io.katajava.Kata;
import io.katajava.MemorySize;
import io.katajava.Network;
import io.katajava.Sandbox;
import io.katajava.agent.IpAddress;
import io.katajava.agent.NetworkInterface;
import io.katajava.agent.NetworkRoute;
import io.katajava.qemu.QemuConfig;
import io.katajava.qemu.device.Nic;
import io.katajava.qemu.device.NicBackend;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * A published port in pairs with the floor: the same guest's same servers behind QEMU's own user
 * network and its {@code hostfwd}, without our layer. And a directory of the host, copied in and
 * back.
 */
final class NetBench {
  private static final String MAC = "02:00:00:00:00:15";
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

  /** That of QEMU's user network. */
  private static final int FLOOR_MTU = 1500;

  private static final int WEB = 80;
  private static final int SINK = 9;
  private static final int PIECE = 64 << 10;
  private static final int REQUESTS = 50;
  private static final byte[] REQUEST =
      "GET /small HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] BIG_REQUEST =
      "GET /big HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  private final int rounds;
  private final long bytes;
  private final PrintWriter out;

  NetBench(int rounds, MemorySize size, PrintWriter out) {
    this.rounds = rounds;
    this.bytes = size.bytes();
    this.out = out;
  }

  /** A guest with its servers, and the host's ports that lead to them. */
  private record Served(String name, Sandbox sandbox, int web, int sink) {}

  void run() throws IOException {
    int[] ports = freePorts();
    QemuConfig bare =
        QemuConfig.builder()
            .addDevice(
                Nic.of(
                        "net0",
                        new NicBackend.User(
                            false,
                            List.of(
                                new NicBackend.Forward(ports[0], WEB),
                                new NicBackend.Forward(ports[1], SINK))))
                    .withMac(MAC))
            .build();
    MemorySize memory = MemorySize.bytes((256L << 20) + 2 * bytes);
    try (Kata kata = Kata.create();
        Kata other = Kata.builder().hypervisor(bare).build();
        Sandbox ours =
            kata.sandbox().memory(memory).network(Network.user(n -> n.publish(WEB, SINK))).start();
        Sandbox alike =
            kata.sandbox()
                .memory(memory)
                .network(Network.user(n -> n.publish(WEB, SINK).guest(g -> g.mtu(FLOOR_MTU))))
                .start();
        Sandbox floor = other.sandbox().memory(memory).start()) {
      floor.updateInterface(
          new NetworkInterface("eth0", MAC, FLOOR_MTU, List.of(IpAddress.parse("10.0.2.15/24"))));
      floor.updateRoutes(List.of(NetworkRoute.defaultVia("10.0.2.2", "eth0")));
      compare(
          List.of(
              new Served(
                  "MTU 65520, the default",
                  serve(ours),
                  ours.mappedPort(WEB),
                  ours.mappedPort(SINK)),
              new Served("MTU 1500", serve(alike), alike.mappedPort(WEB), alike.mappedPort(SINK)),
              new Served("floor: hostfwd, MTU 1500", serve(floor), ports[0], ports[1])));
      new VolumeBench(rounds, bytes, out).run(kata, ours);
    }
  }

  private static int[] freePorts() throws IOException {
    try (ServerSocket one = new ServerSocket(0, 1, LOOPBACK);
        ServerSocket two = new ServerSocket(0, 1, LOOPBACK)) {
      return new int[] {one.getLocalPort(), two.getLocalPort()};
    }
  }

  private Sandbox serve(Sandbox sandbox) {
    sandbox
        .container("servers")
        .command(
            "sh",
            "-c",
            "mkdir /www; echo small > /www/small; head -c "
                + bytes
                + " /dev/zero > /www/big; printf '#!/bin/sh\\nexec cat >/dev/null\\n' > /sink;"
                + " chmod +x /sink; nc -ll -p "
                + SINK
                + " -e /sink & exec httpd -f -p "
                + WEB
                + " -h /www")
        .start();
    for (int port : new int[] {WEB, SINK}) {
      String listening =
          String.format(
              Locale.ROOT,
              "until grep -q ':%04X .* 0A' /proc/net/tcp /proc/net/tcp6; do sleep 0.1; done",
              port);
      sandbox
          .exec(ExecSpec.command("sh", "-c", listening).timeout(Duration.ofMinutes(2)).build())
          .orThrow();
    }
    return sandbox;
  }

  private void compare(List<Served> all) throws IOException {
    List<Samples> down = samples(all.size());
    List<Samples> up = samples(all.size());
    List<Samples> requests = samples(all.size());
    for (int round = -1; round < rounds; round++) {
      for (int i = 0; i < all.size(); i++) {
        double in = download(all.get(i).web());
        double outward = upload(all.get(i).sink());
        double each = requests(all.get(i).web());
        // One of each that is not counted: compilers, caches.
        if (round >= 0) {
          down.get(i).addMillis(in);
          up.get(i).addMillis(outward);
          requests.get(i).addMillis(each);
        }
      }
    }
    out.printf(Locale.ROOT, "%d MiB per transfer, %d rounds%n%n", bytes >> 20, rounds);
    table("from the guest, MB/s", all, down);
    table("to the guest, MB/s", all, up);
    table("HTTP request, ms", all, requests);
    out.flush();
  }

  private static List<Samples> samples(int count) {
    return Stream.generate(Samples::new).limit(count).toList();
  }

  private void table(String what, List<Served> all, List<Samples> measured) {
    out.print(Samples.header(what));
    for (int i = 0; i < all.size(); i++) {
      out.print(measured.get(i).toRow(all.get(i).name()));
    }
    out.printf(Locale.ROOT, "%n");
  }

  /** Megabytes per second since then. */
  static double rate(long bytes, long begin) {
    return bytes / ((System.nanoTime() - begin) / 1e3);
  }

  private double download(int port) throws IOException {
    long begin = System.nanoTime();
    try (Socket socket = new Socket(LOOPBACK, port)) {
      socket.getOutputStream().write(BIG_REQUEST);
      byte[] buffer = new byte[PIECE];
      InputStream in = socket.getInputStream();
      long count = 0;
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        count += n;
      }
      if (count < bytes) {
        throw new IOException(count + " bytes came instead of " + bytes);
      }
      return rate(count, begin);
    }
  }

  private double upload(int port) throws IOException {
    long begin = System.nanoTime();
    try (Socket socket = new Socket(LOOPBACK, port)) {
      OutputStream to = socket.getOutputStream();
      byte[] piece = new byte[PIECE];
      for (long left = bytes; left > 0; left -= piece.length) {
        to.write(piece);
      }
      socket.shutdownOutput();
      // The guest closes once it has read everything.
      socket.getInputStream().transferTo(OutputStream.nullOutputStream());
      return rate(bytes, begin);
    }
  }

  private static double requests(int port) throws IOException {
    long begin = System.nanoTime();
    for (int i = 0; i < REQUESTS; i++) {
      try (Socket socket = new Socket(LOOPBACK, port)) {
        socket.getOutputStream().write(REQUEST);
        socket.getInputStream().transferTo(OutputStream.nullOutputStream());
      }
    }
    return (System.nanoTime() - begin) / 1e6 / REQUESTS;
  }
}
