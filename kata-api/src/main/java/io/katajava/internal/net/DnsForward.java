package io.katajava.internal.net;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A question that is handed on as it is to one server after the other, from a port of its own (RFC
 * 5452): in a datagram, and over TCP when the answer says that it was cut and the asker takes all
 * of it. A server that says that it cannot or will not answer is not the last word while there is
 * another one.
 */
final class DnsForward implements Channels.Handler {
  private static final Logger log = LoggerFactory.getLogger(DnsForward.class);

  /** What a server has for its answer, in nanoseconds. */
  private static final long LIMIT = TimeUnit.SECONDS.toNanos(3);

  private static final int HEADER = 12;
  private static final int PREFIX = 2;
  private static final int LONGEST_ANSWER = 65535;

  /** Told once. */
  interface Outcome {
    /** Null when no server answered. */
    void done(DnsForward forward, @Nullable ByteBuffer answer);
  }

  private final Channels channels;
  private final NameServers known;
  private final List<InetSocketAddress> servers;
  private final ByteBuffer question;
  private final boolean whole;
  private final Outcome outcome;
  private int server;
  private long since;
  private @Nullable SelectableChannel channel;
  private @Nullable ByteBuffer received;

  /** The first answer that says that its server could not; it is better than none. */
  private @Nullable ByteBuffer failure;

  DnsForward(
      Channels channels,
      NameServers known,
      List<InetSocketAddress> servers,
      ByteBuffer question,
      boolean whole,
      Outcome outcome) {
    this.channels = channels;
    this.known = known;
    this.servers = servers;
    this.question = question.asReadOnlyBuffer();
    this.whole = whole;
    this.outcome = outcome;
  }

  void ask() {
    since = System.nanoTime();
    try {
      DatagramChannel opened = Channels.opening(DatagramChannel::open);
      channel = opened;
      opened.connect(servers.get(server));
      channels.register(opened, SelectionKey.OP_READ, this);
      opened.write(question.duplicate());
      received = ByteBuffer.allocate(LONGEST_ANSWER);
    } catch (IOException | RuntimeException e) {
      failed(e);
    }
  }

  private void askAgainByStream() {
    end();
    since = System.nanoTime();
    try {
      SocketChannel opened = Channels.opening(SocketChannel::open);
      channel = opened;
      opened.configureBlocking(false);
      opened.connect(servers.get(server));
      channels.register(opened, SelectionKey.OP_CONNECT, this);
      received = ByteBuffer.allocate(PREFIX + LONGEST_ANSWER);
      if (opened.isConnected()) {
        send(opened);
      }
    } catch (IOException | RuntimeException e) {
      failed(e);
    }
  }

  private void send(SocketChannel opened) throws IOException {
    ByteBuffer framed = ByteBuffer.allocate(PREFIX + question.remaining());
    framed.putShort((short) question.remaining()).put(question.duplicate()).flip();
    // A new connection takes a question at once; where not, the limit ends it.
    opened.write(framed);
    channels.register(opened, SelectionKey.OP_READ, this);
  }

  @Override
  public void ready() {
    try {
      if (channel instanceof SocketChannel stream && !stream.isConnected()) {
        if (stream.finishConnect()) {
          send(stream);
        }
        return;
      }
      ByteBuffer into = java.util.Objects.requireNonNull(received);
      int count = ((ByteChannel) java.util.Objects.requireNonNull(channel)).read(into);
      if (count < 0) {
        throw new IOException("the connection was closed");
      }
      if (count > 0) {
        arrived(into, channel instanceof SocketChannel);
      }
    } catch (IOException e) {
      failed(e);
    }
  }

  private void arrived(ByteBuffer into, boolean stream) {
    int begin = stream ? PREFIX : 0;
    if (stream
        && (into.position() < PREFIX || into.position() < PREFIX + (into.getShort(0) & 0xffff))) {
      return;
    }
    int end = stream ? PREFIX + (into.getShort(0) & 0xffff) : into.position();
    ByteBuffer answer = into.duplicate().limit(end).position(begin).slice();
    into.clear();
    if (answer.remaining() < HEADER || answer.getShort(0) != question.getShort(0)) {
      return;
    }
    known.answered(servers.get(server));
    if (DnsAnswer.isFailure(answer.get(3) & 15) && server + 1 < servers.size()) {
      log.debug("name server {} answers with code {}", servers.get(server), answer.get(3) & 15);
      if (failure == null) {
        failure = answer;
      }
      end();
      server++;
      ask();
      return;
    }
    if (!stream && whole && DnsMessage.isTruncated(answer)) {
      askAgainByStream();
      return;
    }
    end();
    // When all fail, the first in order has the word.
    boolean fails = DnsAnswer.isFailure(answer.get(3) & 15);
    ByteBuffer first = failure;
    outcome.done(this, fails && first != null ? first : answer);
  }

  void tick(long now) {
    if (now - since > LIMIT) {
      failed(new IOException("it does not answer"));
    }
  }

  private void failed(Exception e) {
    InetSocketAddress asked = servers.get(server);
    log.debug("name server {}: {}", asked, e.toString());
    // Whoever answers datagrams is there, even without connections.
    boolean silent = !(channel instanceof SocketChannel) && !(e instanceof NoDescriptorException);
    end();
    if (silent) {
      known.silent(asked);
    }
    server++;
    if (server < servers.size()) {
      ask();
    } else {
      outcome.done(this, failure);
    }
  }

  /** Without telling anybody. */
  void end() {
    SelectableChannel open = channel;
    if (open != null) {
      Channels.close(open);
      channel = null;
    }
  }
}
