package io.katajava.internal.cards;

import io.katajava.Deadline;
import io.katajava.GuestInterface;
import io.katajava.Network;
import io.katajava.agent.IpAddress;
import io.katajava.agent.NetworkRoute;
import io.katajava.internal.host.HostInterfaces;
import io.katajava.internal.run.UndoStack;
import io.katajava.spi.NicSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Cards on interfaces of the host's kernel. What they make there is undone with the sandbox. */
final class TapCards {
  private static final Logger log = LoggerFactory.getLogger(TapCards.class);

  /** The range systemd uses for dynamic users: no account of the host has such a group. */
  private static final int FIRST_GROUP = 61184;

  private static final Duration CARRIER_LIMIT = Duration.ofSeconds(2);

  private static final long CARRIER_POLL_MILLIS = 50;

  private static final int GROUPS = 65519 - FIRST_GROUP + 1;

  private final String sandboxId;
  private final UndoStack undo;

  TapCards(String sandboxId, UndoStack undo) {
    this.sandboxId = sandboxId;
    this.undo = undo;
  }

  /** Something that is done on closing, and may fail. */
  private interface Undo {
    void run() throws IOException;
  }

  private void undo(Undo step) {
    undo.push(
        () -> {
          try {
            step.run();
          } catch (IOException e) {
            // Who deleted the bridge or namespace meanwhile has deleted this with it.
            log.debug("[{}] {}", sandboxId, e.getMessage());
          }
        });
  }

  GuestCard existing(Network.Tap tap, int index) throws IOException {
    Path device = Path.of("/sys/class/net").resolve(tap.interfaceName());
    if (!Files.exists(device.resolve("tun_flags"))) {
      throw new IOException("there is no TAP interface " + tap.interfaceName() + " on this host");
    }
    return card(
        index, new NicSpec.Tap(tap.interfaceName(), OptionalInt.empty()), tap.guest(), mtu(device));
  }

  GuestCard bridged(Network.Bridge bridge, int index) throws IOException {
    Path device = Path.of("/sys/class/net").resolve(bridge.bridge());
    if (!Files.isDirectory(device.resolve("bridge"))) {
      throw new IOException("there is no bridge " + bridge.bridge() + " on this host");
    }
    HostInterfaces host = new HostInterfaces(null);
    String name = HostInterfaces.tapName(sandboxId, index);
    int mtu = mtu(device);
    host.addTap(name, group(), mtu);
    undo(() -> host.remove(name));
    host.joinBridge(name, bridge.bridge());
    return card(index, new NicSpec.Tap(name, OptionalInt.of(group())), bridge.guest(), mtu);
  }

  private int group() {
    return FIRST_GROUP + Math.floorMod(sandboxId.hashCode(), GROUPS);
  }

  private static int mtu(Path device) throws IOException {
    return Integer.parseInt(Files.readString(device.resolve("mtu")).strip());
  }

  private static GuestCard card(
      int index, NicSpec.Attachment attachment, GuestInterface guest, int mtu) {
    return new GuestCard(
        "eth" + index,
        new NicSpec("net" + index, guest.mac().orElseGet(GuestCard::randomMac), attachment),
        guest.addresses(),
        false,
        guest.mtu() == 0 ? mtu : guest.mtu(),
        guest.gateways(),
        List.of(),
        List.of(),
        Optional.empty(),
        List.of());
  }

  /** The guest takes the place of each Ethernet interface of the namespace. */
  List<GuestCard> inNamespace(Path namespace, int first) throws IOException {
    if (!Files.exists(namespace)) {
      throw new IOException("there is no network namespace at " + namespace);
    }
    HostInterfaces inside = new HostInterfaces(namespace);
    List<GuestCard> cards = new ArrayList<>();
    for (String link : settledLinks(inside)) {
      Optional<String> name = HostInterfaces.nameIn(link);
      Optional<String> mac = HostInterfaces.after(link, "link/ether");
      if (name.isEmpty() || mac.isEmpty() || !link.contains(",UP") || link.contains("NO-CARRIER")) {
        continue;
      }
      int index = first + cards.size();
      String tap = HostInterfaces.tapName(sandboxId, index);
      int mtu = HostInterfaces.after(link, "mtu").map(Integer::parseInt).orElse(1500);
      inside.addTap(tap, group(), mtu);
      undo(() -> inside.remove(tap));
      inside.splice(name.get(), tap);
      undo(() -> inside.unsplice(name.get()));
      cards.add(takenOver(inside, name.get(), mac.get(), mtu, index));
    }
    if (cards.isEmpty()) {
      throw new IOException(
          "network namespace " + namespace + " has no Ethernet interface that is up");
    }
    return cards;
  }

  /**
   * The links once those that are up have their carrier, or do not get it: the kernel tells of a
   * carrier up to a second after it is there.
   */
  private static List<String> settledLinks(HostInterfaces inside) throws IOException {
    Deadline deadline = Deadline.after(CARRIER_LIMIT);
    while (true) {
      List<String> links = inside.show("link", "show");
      boolean settled = links.stream().noneMatch(link -> link.contains("NO-CARRIER"));
      if (settled || deadline.isExpired()) {
        return links;
      }
      try {
        Thread.sleep(CARRIER_POLL_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted while waiting for a carrier", e);
      }
    }
  }

  private GuestCard takenOver(HostInterfaces inside, String name, String mac, int mtu, int index)
      throws IOException {
    List<IpAddress> addresses = new ArrayList<>();
    for (String line : inside.show("addr", "show", "dev", name, "scope", "global")) {
      HostInterfaces.after(line, "inet")
          .or(() -> HostInterfaces.after(line, "inet6"))
          .ifPresent(text -> addresses.add(IpAddress.parse(text)));
    }
    List<String> gateways = new ArrayList<>();
    List<NetworkRoute> routes = new ArrayList<>();
    for (String family : List.of("-4", "-6")) {
      for (String line : inside.show(family, "route", "show", "dev", name)) {
        String destination = line.strip().split("\\s+", 2)[0];
        Optional<String> gateway = HostInterfaces.after(line, "via");
        if (destination.equals("default")) {
          gateway.ifPresent(gateways::add);
        } else if (!line.contains("proto kernel")) {
          // Those of the kernel come with the addresses.
          routes.add(
              new NetworkRoute(
                  destination.indexOf('/') >= 0
                      ? destination
                      : destination + (family.equals("-4") ? "/32" : "/128"),
                  gateway.orElse(""),
                  name,
                  HostInterfaces.after(line, "src").orElse(""),
                  gateway.isPresent() ? 0 : 253,
                  family.equals("-6"),
                  0,
                  0));
        }
      }
    }
    return new GuestCard(
        name,
        new NicSpec(
            "net" + index,
            mac,
            new NicSpec.Tap(HostInterfaces.tapName(sandboxId, index), OptionalInt.of(group()))),
        addresses,
        false,
        mtu,
        gateways,
        routes,
        List.of(),
        Optional.empty(),
        List.of());
  }
}
