package io.katajava.internal.net;

import io.katajava.EgressPolicy;
import io.katajava.IpFamily;
import io.katajava.SandboxEvent.NetworkLimit;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
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

  /** Of them, how many the host's resolver is asked at once; each blocks a thread. */
  static final int MOST_RESOLVING = 16;

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
  private final NameServers servers;
  private final boolean hasIpv6;
  private final NetworkLimits limits;
  private final SocketBudget.Share sockets;
  private final SecureRandom random = new SecureRandom();

  /** Whether an IPv6 address is of use to the guest. */
  private final Predicate<Ip> ways;

  /** Runs what may block. */
  private final Executor blocking;

  /** Runs what belongs to the network's thread. */
  private final Executor loop;

  private final Set<DnsForward> forwarded = new HashSet<>();

  /** Our own: for names that rules deny, and to servers that were silent. */
  private final Set<DnsForward> own = new HashSet<>();

  private final Queue<Asked> waiting = new ArrayDeque<>();
  private final Set<DnsStream> streams = new HashSet<>();
  private int resolving;

  DnsProxy(
      Channels channels,
      EgressCheck egress,
      Refusals refusals,
      UserNetworkSettings settings,
      Predicate<Ip> ways,
      NetworkLimits limits,
      SocketBudget.Share sockets,
      Executor blocking,
      Executor loop) {
    this.channels = channels;
    this.egress = egress;
    this.refusals = refusals;
    this.local = settings.names();
    this.servers = new NameServers(settings.nameServers());
    this.hasIpv6 = settings.ipv6().isPresent();
    this.ways = address -> hasIpv6 && ways.test(address);
    this.limits = limits;
    this.sockets = sockets;
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
    Optional<DnsMessage> read = DnsMessage.question(message);
    if (read.isPresent()) {
      DnsMessage question = read.get();
      ask(new Asked(question, message, false, Math.min(room, question.datagramLimit()), asker));
      return;
    }
    ByteBuffer complaint = DnsMessage.complaint(message);
    if (complaint != null) {
      asker.accept(complaint);
    }
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

  /** What became of a message on a connection. */
  enum Streamed {
    /** It is answered, now or later. */
    TAKEN,
    /** It is answered, but where the next message begins is not certain. */
    LAST,
    /** It is not answered. */
    NONE
  }

  /** A question of a connection, answered in full. */
  Streamed streamed(ByteBuffer message, Consumer<ByteBuffer> asker) {
    Optional<DnsMessage> read = DnsMessage.question(message);
    if (read.isPresent()) {
      ask(new Asked(read.get(), message, true, LONGEST, asker));
      return Streamed.TAKEN;
    }
    ByteBuffer complaint = DnsMessage.complaint(message);
    if (complaint == null) {
      return Streamed.NONE;
    }
    boolean understood = (complaint.get(3) & 15) == DnsMessage.NOT_IMPLEMENTED;
    asker.accept(complaint);
    return understood ? Streamed.TAKEN : Streamed.LAST;
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
      refuse(asked, decision.reason());
    } else if (servers.isEmpty() && !question.isForAHost()) {
      answer(asked, DnsMessage.NOT_IMPLEMENTED, List.of(), 0);
    } else if (resolving + waiting.size() + forwarded.size() >= MOST_PENDING) {
      answer(asked, DnsMessage.SERVER_FAILURE, List.of(), 0);
    } else if (!sockets.take()) {
      limits.reached(NetworkLimit.DESCRIPTORS, "a question for a name");
      answer(asked, DnsMessage.SERVER_FAILURE, List.of(), 0);
    } else if (servers.isEmpty()) {
      waiting.add(asked);
      resolveNext();
    } else {
      servers.toBeTried().forEach(server -> tryAgain(server, asked.message()));
      DnsForward forward =
          new DnsForward(
              channels,
              servers,
              servers.inOrder(),
              asked.message(),
              asked.whole(),
              (done, answer) -> answered(asked, done, answer));
      forwarded.add(forward);
      forward.ask();
    }
  }

  private void refuse(Asked asked, String reason) {
    String name = asked.question().name();
    refusals.refused("dns", name, PORT, name, reason);
    answer(asked, DnsMessage.REFUSED, List.of(), 0);
  }

  /** Asks a server that was silent whether it is there, while others answer. */
  private void tryAgain(InetSocketAddress server, ByteBuffer question) {
    askOurselves(List.of(server), question, answer -> {});
  }

  private void askOurselves(
      List<InetSocketAddress> of, ByteBuffer question, Consumer<@Nullable ByteBuffer> told) {
    DnsForward forward =
        new DnsForward(
            channels,
            servers,
            of,
            question,
            true,
            (done, answer) -> {
              own.remove(done);
              told.accept(answer);
            });
    own.add(forward);
    forward.ask();
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
  private void resolveNext() {
    while (resolving < MOST_RESOLVING && !waiting.isEmpty()) {
      Asked asked = waiting.remove();
      resolving++;
      resolve(asked.question().name(), answer -> resolved(asked, answer));
    }
  }

  private void resolve(String name, Consumer<HostResolver.Answer> told) {
    blocking.execute(
        () -> {
          HostResolver.Answer answer;
          try {
            answer = HostResolver.ask(name);
          } catch (RuntimeException | LinkageError e) {
            log.debug("the host's resolver cannot be asked for {}", name, e);
            answer = HostResolver.Answer.failed();
          }
          HostResolver.Answer result = answer;
          loop.execute(() -> told.accept(result));
        });
  }

  private void resolved(Asked asked, HostResolver.Answer answer) {
    resolving--;
    sockets.give();
    resolveNext();
    int code =
        switch (answer.outcome()) {
          case FOUND -> DnsMessage.OK;
          case NO_SUCH_NAME -> DnsMessage.NO_SUCH_NAME;
          case FAILED -> DnsMessage.SERVER_FAILURE;
        };
    List<Ip> found = ofType(answer.addresses(), asked.question());
    List<Ip> useful = isUseless(found) ? List.of() : found;
    if (told(asked, canonical(answer), useful)) {
      answer(asked, code, useful, RESOLVED_SECONDS);
    }
  }

  private static Set<String> canonical(HostResolver.Answer answer) {
    return answer.canonicalName().map(name -> Set.of(asWritten(name))).orElse(Set.of());
  }

  private static String asWritten(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return lower.endsWith(".") ? lower.substring(0, lower.length() - 1) : lower;
  }

  /** Whether the guest may be told, which is remembered; it is refused what it may not. */
  private boolean told(Asked asked, Set<String> behind, List<Ip> addresses) {
    EgressPolicy.Rule denied = egress.denied(behind);
    if (denied != null) {
      refuse(asked, "it leads to a name of the rule '" + denied + "'");
      return false;
    }
    egress.told(asked.question().name(), behind, addresses);
    return true;
  }

  private void answered(Asked asked, DnsForward forward, @Nullable ByteBuffer answer) {
    forwarded.remove(forward);
    sockets.give();
    if (answer == null) {
      answer(asked, DnsMessage.SERVER_FAILURE, List.of(), 0);
      return;
    }
    DnsAnswer read = DnsAnswer.read(answer);
    List<Ip> addresses = read.addresses();
    if (isUseless(ofType(addresses, asked.question()))) {
      answer(asked, DnsMessage.OK, List.of(), RESOLVED_SECONDS);
      return;
    }
    if (told(asked, read.names(), addresses)) {
      asked
          .asker()
          .accept(
              answer.remaining() > asked.longest()
                  ? asked.question().truncated(asked.message())
                  : answer);
    }
  }

  /** For ourselves: all addresses of a name. What is not known is not said to be known. */
  void lookUp(String name, DeniedNames.Lookup.Outcome outcome) {
    List<Ip> own = local.get(name);
    if (own != null) {
      outcome.done(EnumSet.allOf(IpFamily.class), own, LOCAL_SECONDS);
    } else if (servers.isEmpty()) {
      resolve(
          name,
          answer ->
              outcome.done(
                  answer.outcome() == HostResolver.Outcome.FAILED
                      ? EnumSet.noneOf(IpFamily.class)
                      : EnumSet.allOf(IpFamily.class),
                  answer.addresses(),
                  RESOLVED_SECONDS));
    } else {
      Both both = new Both(outcome, hasIpv6 ? 2 : 1);
      ask(name, IpFamily.IPV4, both);
      if (hasIpv6) {
        ask(name, IpFamily.IPV6, both);
      }
    }
  }

  /** Answers for both families, which make one. */
  private static final class Both {
    private final DeniedNames.Lookup.Outcome outcome;
    private final Set<IpFamily> families = EnumSet.noneOf(IpFamily.class);
    private final List<Ip> addresses = new ArrayList<>();
    private int seconds = Integer.MAX_VALUE;
    private int open;

    Both(DeniedNames.Lookup.Outcome outcome, int open) {
      this.outcome = outcome;
      this.open = open;
    }

    void add(IpFamily family, @Nullable ByteBuffer answer) {
      DnsAnswer read = answer == null ? null : DnsAnswer.read(answer);
      if (read != null
          && (read.code() == DnsMessage.OK || read.code() == DnsMessage.NO_SUCH_NAME)) {
        families.add(family);
        addresses.addAll(read.addresses());
        seconds = Math.min(seconds, read.seconds());
      }
      if (--open == 0) {
        outcome.done(families, addresses, families.isEmpty() ? 0 : seconds);
      }
    }
  }

  private void ask(String name, IpFamily family, Both both) {
    int type = family == IpFamily.IPV6 ? DnsMessage.TYPE_AAAA : DnsMessage.TYPE_A;
    askOurselves(
        servers.inOrder(),
        DnsMessage.ask(random.nextInt(), name, type),
        answer -> both.add(family, answer));
  }

  boolean isIdle() {
    return forwarded.isEmpty() && own.isEmpty() && streams.isEmpty();
  }

  void tick(long now) {
    List.copyOf(forwarded).forEach(forward -> forward.tick(now));
    List.copyOf(own).forEach(forward -> forward.tick(now));
    streams.forEach(stream -> stream.tick(now));
  }

  void close() {
    forwarded.forEach(DnsForward::end);
    forwarded.clear();
    own.forEach(DnsForward::end);
    own.clear();
    waiting.clear();
    List.copyOf(streams).forEach(DnsStream::close);
  }
}
