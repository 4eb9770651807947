package io.katajava.bench;

import io.katajava.qmp.QmpClient;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Round trips of {@code query-status} beside other clients, all connected to the same QEMU and
 * taking turns; then what the schema's reply and a connection cost.
 */
final class QmpBench {
  private static final double AIM_PYTHON = 5;
  private static final double AIM_GO = 1;

  /** Rounds that are not counted: compilers, caches. */
  private static final int WARM_UP = 20;

  private static final String FLOOR = "floor: bytes only";

  private final int rounds;
  private final int count;
  private final @Nullable Path binary;
  private final PrintWriter out;

  private interface Preparation {
    ProcessBuilder command(Path socket) throws IOException, InterruptedException;
  }

  QmpBench(int rounds, int count, @Nullable Path binary, PrintWriter out) {
    this.rounds = rounds;
    // Whole batches, so that all do the same.
    this.count = Math.max(1, count / QmpDriver.BATCH) * QmpDriver.BATCH;
    this.binary = binary;
    this.out = out;
  }

  void run() throws IOException, InterruptedException {
    List<QmpPeer> peers = new ArrayList<>();
    try (BenchQemu qemu = new BenchQemu(binary, 6)) {
      try {
        peers.add(new QmpPeer("kata-java", java(QmpDriver.class, qemu.socket(0), qemu.socket(1))));
        peers.add(new QmpPeer(FLOOR, java(QmpFloor.class, qemu.socket(5))));
        QmpPeers others = new QmpPeers();
        add(peers, "qemu.qmp (Python)", others::python, qemu.socket(2));
        add(peers, "go-qemu (Go)", others::go, qemu.socket(3));
        try (QmpClient qmp = QmpClient.connect(qemu.socket(4))) {
          out.printf(
              Locale.ROOT,
              "QEMU %s; %d rounds of %d query-status each, clients taking turns%n",
              qmp.version().map(Object::toString).orElse("?"),
              rounds,
              count);
        }
        roundTrips("one at a time", "single", peers);
        roundTrips(QmpDriver.BATCH + " at once", "pipelined", peers);
        schema(peers.get(0));
        connect(peers.get(0));
      } finally {
        peers.forEach(QmpPeer::close);
      }
    }
    out.flush();
  }

  private static ProcessBuilder java(Class<?> program, Path... sockets) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), program.getName()));
    for (Path socket : sockets) {
      command.add(socket.toString());
    }
    return new ProcessBuilder(command);
  }

  private void add(List<QmpPeer> peers, String name, Preparation preparation, Path socket)
      throws InterruptedException {
    try {
      peers.add(new QmpPeer(name, preparation.command(socket)));
    } catch (IOException e) {
      out.printf(Locale.ROOT, "%s is left out: %s%n", name, e.getMessage());
    }
  }

  private void roundTrips(String title, String mode, List<QmpPeer> peers) throws IOException {
    Map<QmpPeer, Samples> perSecond = new LinkedHashMap<>();
    Map<QmpPeer, Samples> ratios = new LinkedHashMap<>();
    Map<QmpPeer, Duration> processor = new LinkedHashMap<>();
    for (QmpPeer peer : peers) {
      perSecond.put(peer, new Samples());
      ratios.put(peer, new Samples());
      processor.put(peer, Duration.ZERO);
    }
    for (int round = -WARM_UP; round < rounds; round++) {
      Map<QmpPeer, Double> rates = new LinkedHashMap<>();
      for (int i = 0; i < peers.size(); i++) {
        // Another one begins each round.
        QmpPeer peer = peers.get((i + round + WARM_UP) % peers.size());
        Duration before = peer.processorTime();
        rates.put(peer, count / peer.measure(mode, count).get(0));
        if (round >= 0) {
          processor.merge(peer, peer.processorTime().minus(before), Duration::plus);
        }
      }
      if (round >= 0) {
        double ours = rates.getOrDefault(peers.get(0), Double.NaN);
        rates.forEach(
            (peer, rate) -> {
              perSecond.getOrDefault(peer, new Samples()).addMillis(rate);
              ratios.getOrDefault(peer, new Samples()).addMillis(ours / rate);
            });
      }
    }
    out.println();
    out.print(Samples.header("round trips/s, " + title));
    perSecond.forEach((peer, samples) -> out.print(samples.toRow(peer.name())));
    out.println("processor time of the client for a round trip:");
    processor.forEach(
        (peer, time) ->
            out.printf(
                Locale.ROOT,
                "  %-26s %10.1f us%n",
                peer.name(),
                time.toNanos() / 1e3 / rounds / count));
    out.println("ratios, ours to theirs, medians of the pairs:");
    ratios.forEach(
        (peer, samples) -> {
          if (peer != peers.get(0)) {
            out.printf(
                Locale.ROOT,
                "  %-26s %10.2f%s%n",
                peer.name(),
                samples.median(),
                verdict(peer, samples.median()));
          }
        });
  }

  private static String verdict(QmpPeer peer, double ratio) {
    if (peer.name().equals(FLOOR)) {
      return "";
    }
    double aim = peer.name().contains("Python") ? AIM_PYTHON : AIM_GO;
    return String.format(Locale.ROOT, ", aim %.0f: %s", aim, ratio >= aim ? "met" : "missed");
  }

  private void schema(QmpPeer ours) throws IOException {
    Samples decode = new Samples();
    Samples whole = new Samples();
    double first = ours.measure("decode", 1).get(0) * 1e3;
    List<Double> figures = List.of();
    for (int i = 0; i < rounds; i++) {
      figures = ours.measure("decode", 1);
      decode.addMillis(figures.get(0) * 1e3);
      whole.addMillis(ours.measure("schema", 1).get(0) * 1e3);
    }
    out.println();
    out.print(Samples.header("query-qmp-schema, ms"));
    out.print(decode.toRow("decode"));
    out.print(whole.toRow("command to records"));
    out.printf(
        Locale.ROOT,
        "%.0f entries in %.0f bytes of JSON; the first decoding took %.1f ms;"
            + " a decoding allocates %.0f bytes%n",
        figures.get(3),
        figures.get(2),
        first,
        figures.get(1));
  }

  private void connect(QmpPeer ours) throws IOException {
    Samples connect = new Samples();
    for (int i = 0; i < rounds; i++) {
      connect.addMillis(ours.measure("connect", 1).get(0) * 1e3);
    }
    out.println();
    out.print(Samples.header("connect, ms"));
    out.print(connect.toRow("connect to ready, and close"));
  }
}
