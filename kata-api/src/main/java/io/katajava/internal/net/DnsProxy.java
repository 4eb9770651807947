package io.katajava.internal.net;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
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

  private static final int MOST_PENDING = 64;
  private static final int LOCAL_SECONDS = 60;
  private static final int RESOLVED_SECONDS = 30;
  private static final long SERVER_LIMIT = TimeUnit.SECONDS.toNanos(3);
  private static final int LONGEST_ANSWER = 65536;

  /** Gives an answer to the guest. */
  interface Reply {
    void send(int guestPort, ByteBuffer answer);
  }

  private final Channels channels;
  private final EgressCheck egress;
  private final Refusals refusals;
  private final Map<String, Integer> local;
  private final List<InetSocketAddress> servers;
  private final Reply reply;

  /** Runs what may block. */
  private final Executor blocking;

  /** Runs what belongs to the network's thread. */
  private final Executor loop;

  private final Set<Forwarded> forwarded = new HashSet<>();
  private int resolving;

  DnsProxy(
      Channels channels,
      EgressCheck egress,
      Refusals refusals,
      UserNetworkSettings settings,
      Executor blocking,
      Executor loop,
      Reply reply) {
    this.channels = channels;
    this.egress = egress;
    this.refusals = refusals;
    this.local = settings.names();
    this.servers = settings.nameServers();
    this.blocking = blocking;
    this.loop = loop;
    this.reply = reply;
  }

  void question(ByteBuffer data, int guestPort) {
    byte[] bytes = new byte[data.remaining()];
    data.duplicate().get(bytes);
    DnsMessage.question(ByteBuffer.wrap(bytes))
        .ifPresent(question -> ask(question, bytes, guestPort));
  }

  private void ask(DnsMessage question, byte[] bytes, int guestPort) {
    Integer known = local.get(question.name());
    if (known != null) {
      List<Integer> address =
          question.type() == DnsMessage.TYPE_A ? List.of(known) : List.<Integer>of();
      answer(question, bytes, guestPort, DnsMessage.OK, address, LOCAL_SECONDS);
      return;
    }
    EgressCheck.Decision decision = egress.decideName(question.name());
    if (!decision.allowed()) {
      refusals.refused("dns", question.name(), PORT, question.name(), decision.reason());
      answer(question, bytes, guestPort, DnsMessage.REFUSED, List.of(), 0);
    } else if (resolving + forwarded.size() >= MOST_PENDING) {
      answer(question, bytes, guestPort, DnsMessage.SERVER_FAILURE, List.of(), 0);
    } else if (servers.isEmpty()) {
      resolve(question, bytes, guestPort);
    } else {
      new Forwarded(question, bytes, guestPort).ask();
    }
  }

  private void answer(
      DnsMessage question,
      byte[] bytes,
      int guestPort,
      int code,
      List<Integer> addresses,
      int seconds) {
    byte[] answer = question.answer(ByteBuffer.wrap(bytes), code, addresses, seconds);
    reply.send(guestPort, ByteBuffer.wrap(answer));
  }

  /** By the host's own means, which know its hosts file, its search order and its servers. */
  private void resolve(DnsMessage question, byte[] bytes, int guestPort) {
    resolving++;
    blocking.execute(
        () -> {
          List<Integer> addresses = new ArrayList<>();
          int code = DnsMessage.OK;
          try {
            for (InetAddress address : InetAddress.getAllByName(question.name())) {
              if (address instanceof Inet4Address) {
                addresses.add(ByteBuffer.wrap(address.getAddress()).getInt());
              }
            }
          } catch (UnknownHostException | RuntimeException e) {
            log.debug("{} is not known: {}", question.name(), e.toString());
            code = DnsMessage.NO_SUCH_NAME;
          }
          int result = code;
          loop.execute(() -> resolved(question, bytes, guestPort, result, addresses));
        });
  }

  private void resolved(
      DnsMessage question, byte[] bytes, int guestPort, int code, List<Integer> addresses) {
    resolving--;
    boolean asked = question.type() == DnsMessage.TYPE_A;
    if (asked) {
      addresses.forEach(address -> egress.pin(question.name(), address));
    }
    answer(question, bytes, guestPort, code, asked ? addresses : List.of(), RESOLVED_SECONDS);
  }

  boolean isIdle() {
    return forwarded.isEmpty();
  }

  void tick(long now) {
    for (Forwarded one : List.copyOf(forwarded)) {
      if (now - one.since > SERVER_LIMIT) {
        one.next();
      }
    }
  }

  void close() {
    List.copyOf(forwarded).forEach(Forwarded::end);
  }

  /** A question that was handed on as it is, from a port of its own (RFC 5452). */
  private final class Forwarded implements Channels.Handler {
    private final DnsMessage question;
    private final byte[] bytes;
    private final int guestPort;
    private int server;
    private long since;
    private @org.jspecify.annotations.Nullable DatagramChannel channel;

    Forwarded(DnsMessage question, byte[] bytes, int guestPort) {
      this.question = question;
      this.bytes = bytes;
      this.guestPort = guestPort;
    }

    void ask() {
      forwarded.add(this);
      since = System.nanoTime();
      try {
        DatagramChannel opened = DatagramChannel.open();
        channel = opened;
        opened.connect(servers.get(server));
        channels.register(opened, SelectionKey.OP_READ, this);
        opened.write(ByteBuffer.wrap(bytes));
      } catch (IOException e) {
        log.debug("name server {} cannot be asked: {}", servers.get(server), e.toString());
        next();
      }
    }

    private void next() {
      end();
      server++;
      if (server < servers.size()) {
        ask();
      } else {
        answer(question, bytes, guestPort, DnsMessage.SERVER_FAILURE, List.of(), 0);
      }
    }

    private void end() {
      forwarded.remove(this);
      DatagramChannel open = channel;
      if (open != null) {
        Channels.close(open);
      }
    }

    @Override
    public void ready() {
      DatagramChannel open = java.util.Objects.requireNonNull(channel);
      ByteBuffer answer = ByteBuffer.allocate(LONGEST_ANSWER);
      try {
        if (open.read(answer) <= 0) {
          return;
        }
      } catch (IOException e) {
        log.debug("name server {} did not answer: {}", servers.get(server), e.toString());
        next();
        return;
      }
      answer.flip();
      if (answer.remaining() < 12 || (answer.getShort(0) & 0xffff) != question.id()) {
        return;
      }
      DnsMessage.addresses(answer).forEach(address -> egress.pin(question.name(), address));
      end();
      reply.send(guestPort, answer);
    }
  }
}
