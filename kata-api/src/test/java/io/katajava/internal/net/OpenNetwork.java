package io.katajava.internal.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.EgressPolicy;
import io.katajava.Network.Relay;
import io.katajava.SandboxEvent;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/** A network with both families, and a guest of a few packets on it. Closing leaves nothing. */
final class OpenNetwork implements AutoCloseable {
  final LinkedBlockingQueue<SandboxEvent> events = new LinkedBlockingQueue<>();
  final UserNetwork network;
  final FakeGuestLink guest;
  private static final AtomicInteger COUNT = new AtomicInteger();

  private final String label = "open-" + COUNT.incrementAndGet();
  private final ExecutorService blocking = Executors.newSingleThreadExecutor();
  // Not JUnit's directory: a socket's path must be short.
  private final Path directory = Files.createTempDirectory("net");

  OpenNetwork(
      EgressPolicy egress,
      List<Relay> relays,
      Map<String, List<Ip>> names,
      List<InetSocketAddress> nameServers,
      Predicate<Ip> ways)
      throws IOException {
    network =
        UserNetwork.open(
            new UserNetworkSettings(
                label,
                new UserNetworkSettings.Ends(FakeGuestLink.GUEST, FakeGuestLink.GATEWAY),
                Optional.of(
                    new UserNetworkSettings.Ends(FakeGuestLink.GUEST6, FakeGuestLink.GATEWAY6)),
                1500,
                FakeGuestLink.MAC,
                egress,
                relays,
                names,
                nameServers),
            events::add,
            blocking,
            ways);
    network.listen(directory.resolve("s"));
    guest = new FakeGuestLink(directory.resolve("s"));
  }

  String threadName() {
    return "kata-net-" + label;
  }

  SandboxEvent.EgressRefused refused() throws InterruptedException {
    SandboxEvent event = events.poll(60, TimeUnit.SECONDS);
    assertThat(event).isInstanceOf(SandboxEvent.EgressRefused.class);
    return (SandboxEvent.EgressRefused) java.util.Objects.requireNonNull(event);
  }

  @Override
  public void close() throws IOException {
    guest.close();
    network.close();
    blocking.shutdownNow();
    try {
      assertThat(blocking.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Files.delete(directory.resolve("s"));
    Files.delete(directory);
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().equals(threadName()));
  }
}
