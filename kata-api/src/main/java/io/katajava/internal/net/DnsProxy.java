package io.katajava.internal.net;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The name server of one guest: asks the host's resolver, or the servers it was given, for the
 * names that the policy lets the guest know, and remembers what it answered. Used by the network's
 * thread alone.
 */
final class DnsProxy {
  private static final Logger log = LoggerFactory.getLogger(DnsProxy.class);

  static final int PORT = 53;

  /** Questions without an answer yet, and connections with questions. */
  static final int MOST_PENDING = 64;

  private static final int LOCAL_SECONDS = 60;
  private static final int RESOLVED_SECONDS = 30;
  private static final int LONGEST = 65535;

  /**
   * A question and who asked it.
   *
   * @param message all of it, to be read by views
   * @param whole whether the asker takes an answer of any length
   * @param longest how long an answer may be
   */
  private record Asked(
      DnsMessage question,
      ByteBuffer message,
      boolean whole,
      int longest,
      Consumer<ByteBuffer> asker) {}

  private final Channels channels;
  private final EgressCheck egress;
  private final Refusals refusals;
  private final Map<String, List<Ip>> local;
  private final List<InetSocketAddress> servers;

  /** Whether an IPv6 address is of use to the guest. */
  private final Predicate<Ip> ways;

  /** Runs what may block. */
  private final Executor blocking;

  /** Runs what belongs to the network's thread. */
  private final Executor loop;

  private final Set<DnsForward> forwarded = new HashSet<>();
  private final Set<DnsStream> streams = new HashSet<>();
  private int resolving;

  DnsProxy(
      Channels channels,
      EgressCheck egress,
      Refusals refusals,
      UserNetworkSettings settings,
      Predicate<Ip> ways,
      Executor blocking,
      Executor loop) {
    this.channels = channels;
    this.egress = egress;
    this.refusals = refusals;
    this.local = settings.names();
    this.servers = settings.nameServers();
    this.ways = address -> settings.ipv6().isPresent() && ways.test(address);
    this.blocking = blocking;
    this.loop = loop;
  }

  /**
   * A question in a datagram; an answer that is too long for one says so.
   *
   * @param room what a datagram to the guest can hold
   */
  void datagram(ByteBuffer data, int room, Consumer<ByteBuffer> asker) {
    ByteBuffer message = ByteBuffer.allocate(data.remaining()).put(data.duplicate()).flip();
    DnsMessage.question(message)
        .ifPresent(
            question ->
                ask(
                    new Asked(
                        question,
                        message,
                        false,
                        Math.min(room, question.datagramLimit()),
                        asker)));
  }

  /** A connection for questions. */
  FarEnd connect() throws IOException {
    if (streams.size() >= MOST_PENDING) {
      throw new IOException("the guest has " + streams.size() + " connections for names already");
    }
    DnsStream stream = new DnsStream(this, loop);
    streams.add(stream);
    return stream;
  }

  void forget(DnsStream stream) {
    streams.remove(stream);
  }

  /** A question of a connection, answered in full; false if it is none. */
  boolean streamed(ByteBuffer message, Consumer<ByteBuffer> asker) {
    Optional<DnsMessage> read = DnsMessage.question(message);
    read.ifPresent(question -> ask(new Asked(question, message, true, LONGEST, asker)));
    return read.isPresent();
  }

  private void ask(Asked asked) {
    DnsMessage question = asked.question();
    List<Ip> known = local.get(question.name());
    if (known != null) {
      answer(asked, DnsMessage.OK, ofType(known, question), LOCAL_SECONDS);
      return;
    }
    EgressCheck.Decision decision = egress.decideName(question.name());
    if (!decision.allowed()) {
      refusals.refused("dns", question.name(), PORT, question.name(), decision.reason());
      answer(asked, DnsMessage.REFUSED, List.of(), 0);
    } else if (resolving + forwarded.size() >= MOST_PENDING) {
      answer(asked, DnsMessage.SERVER_FAILURE, List.of(), 0);
    } else if (servers.isEmpty()) {
      resolve(asked);
    } else {
      DnsForward forward =
          new DnsForward(
              channels,
              servers,
              asked.message(),
              asked.whole(),
              (done, answer) -> answered(asked, done, answer));
      forwarded.add(forward);
      forward.ask();
    }
  }

  private static List<Ip> ofType(List<Ip> addresses, DnsMessage question) {
    return addresses.stream()
        .filter(
            address ->
                question.type() == (address.isIpv6() ? DnsMessage.TYPE_AAAA : DnsMessage.TYPE_A))
        .toList();
  }

  /** A guest that prefers IPv6 would wait for what the host has no way to. */
  private boolean isUseless(List<Ip> addresses) {
    return !addresses.isEmpty()
        && addresses.stream().allMatch(address -> address.isIpv6() && !ways.test(address));
  }

  private static void answer(Asked asked, int code, List<Ip> addresses, int seconds) {
    asked
        .asker()
        .accept(
            asked.question().answer(asked.message(), code, addresses, seconds, asked.longest()));
  }

  /** By the host's own means, which know its hosts file, its search order and its servers. */
  private void resolve(Asked asked) {
    resolving++;
    blocking.execute(
        () -> {
          List<Ip> addresses = new ArrayList<>();
          int code = DnsMessage.OK;
          try {
            for (InetAddress address : InetAddress.getAllByName(asked.question().name())) {
              addresses.add(Ip.of(address));
            }
          } catch (UnknownHostException | RuntimeException e) {
            log.debug("{} is not known: {}", asked.question().name(), e.toString());
            code = DnsMessage.NO_SUCH_NAME;
          }
          int result = code;
          List<Ip> found = ofType(addresses, asked.question());
          List<Ip> useful = isUseless(found) ? List.of() : found;
          loop.execute(() -> resolved(asked, result, useful));
        });
  }

  private void resolved(Asked asked, int code, List<Ip> addresses) {
    resolving--;
    addresses.forEach(address -> egress.pin(asked.question().name(), address));
    answer(asked, code, addresses, RESOLVED_SECONDS);
  }

  private void answered(Asked asked, DnsForward forward, @Nullable ByteBuffer answer) {
    forwarded.remove(forward);
    if (answer == null) {
      answer(asked, DnsMessage.SERVER_FAILURE, List.of(), 0);
      return;
    }
    List<Ip> addresses = DnsMessage.addresses(answer);
    if (isUseless(ofType(addresses, asked.question()))) {
      answer(asked, DnsMessage.OK, List.of(), RESOLVED_SECONDS);
      return;
    }
    addresses.forEach(address -> egress.pin(asked.question().name(), address));
    asked
        .asker()
        .accept(
            answer.remaining() > asked.longest()
                ? asked.question().truncated(asked.message())
                : answer);
  }

  boolean isIdle() {
    return forwarded.isEmpty() && streams.isEmpty();
  }

  void tick(long now) {
    List.copyOf(forwarded).forEach(forward -> forward.tick(now));
    streams.forEach(stream -> stream.tick(now));
  }

  void close() {
    forwarded.forEach(DnsForward::end);
    forwarded.clear();
    List.copyOf(streams).forEach(DnsStream::close);
  }
}
