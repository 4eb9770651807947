package io.katajava.internal.net;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;

/**
 * One TCP connection of the guest (RFC 9293), spliced to what is behind it. The link to the guest
 * keeps order and loses nothing, so there is no congestion control, and segments out of order are
 * not kept; what the guest had no memory for is sent again.
 */
final class TcpConnection implements Channels.Handler {
  private enum State {
    /** The far end is being connected. */
    DIALLING,
    /** The guest was asked to accept. */
    SYN_SENT,
    /** The guest's wish was granted, and it has not said yet that it knows. */
    SYN_RECEIVED,
    OPEN,
    CLOSED
  }

  /** Window scale of RFC 7323: 64 KiB times 16 is more than a {@link Ring} has. */
  private static final int SCALE = 4;

  private static final long OPENING_LIMIT = TimeUnit.SECONDS.toNanos(60);

  /** A far end that has not answered by then does not; the guest has sent five times until then. */
  private static final long DIALLING_LIMIT = TimeUnit.SECONDS.toNanos(35);

  private final TcpStack stack;
  private final TcpEndpoints endpoints;
  private final TcpFar far;
  private final FarEnd host;
  private final TcpReceiver receiver;
  private final TcpSender sender;
  private final long begun = System.nanoTime();

  private long used = begun;
  private boolean hostSpoke;
  private State state;
  private boolean acknowledge;

  private TcpConnection(TcpStack stack, TcpEndpoints endpoints, TcpFar far, State state)
      throws IOException {
    this.stack = stack;
    this.endpoints = endpoints;
    this.far = far;
    this.host = far.end();
    this.state = state;
    this.receiver = new TcpReceiver(host, stack.budget());
    this.sender = new TcpSender(this::send, stack.budget(), stack.initialSequence());
    host.watch(stack.channels(), this);
  }

  /** The guest wants to connect, and the socket is being connected. */
  static TcpConnection dialling(TcpStack stack, TcpEndpoints endpoints, TcpFar far, TcpSegment syn)
      throws IOException {
    TcpConnection connection = new TcpConnection(stack, endpoints, far, State.DIALLING);
    connection.takeOptions(syn);
    connection.receiver.begin(syn);
    if (far.end().isConnected()) {
      connection.hostConnected();
    }
    return connection;
  }

  /** A program of the host has connected, and the guest shall accept. */
  static TcpConnection accepted(TcpStack stack, TcpEndpoints endpoints, TcpFar far)
      throws IOException {
    TcpConnection connection = new TcpConnection(stack, endpoints, far, State.SYN_SENT);
    connection.receiver.scale(SCALE);
    connection.sendSyn();
    return connection;
  }

  TcpEndpoints endpoints() {
    return endpoints;
  }

  TcpFar far() {
    return far;
  }

  boolean isDialling() {
    return state == State.DIALLING;
  }

  /** Whether anything has come from the far end yet. */
  boolean hasHostSpoken() {
    return hostSpoke;
  }

  /** When something moved last. */
  long used() {
    return used;
  }

  // The guest's side.

  void segment(TcpSegment in) {
    if (state == State.CLOSED || (state == State.DIALLING && !in.has(Packets.RST))) {
      return;
    }
    if (in.has(Packets.RST)) {
      boolean ours =
          state == State.SYN_SENT
              ? in.has(Packets.ACK) && sender.isAnswered(in)
              : in.sequence == receiver.next() || state == State.DIALLING;
      if (ours) {
        abortHost();
      }
      return;
    }
    if (state == State.SYN_SENT) {
      answered(in);
      return;
    }
    if (in.has(Packets.SYN)) {
      if (state == State.SYN_RECEIVED) {
        sendSyn();
      } else {
        acknowledgeSoon();
      }
      return;
    }
    if (!in.has(Packets.ACK) || !takeAcknowledgment(in)) {
      return;
    }
    takeData(in);
    output();
  }

  private void answered(TcpSegment in) {
    if (!in.has(Packets.SYN) || !in.has(Packets.ACK) || !sender.isAnswered(in)) {
      return;
    }
    takeOptions(in);
    receiver.begin(in);
    opened(in);
    acknowledgeSoon();
  }

  private void takeOptions(TcpSegment syn) {
    sender.takeOptions(syn, stack.largestSegment(endpoints));
    receiver.scale(syn.windowScale >= 0 ? SCALE : 0);
  }

  private void opened(TcpSegment in) {
    sender.opened(in);
    state = State.OPEN;
    updateInterest();
  }

  /** Returns false for what acknowledges something that was never sent. */
  private boolean takeAcknowledgment(TcpSegment in) {
    if (state == State.SYN_RECEIVED) {
      if (!sender.isAnswered(in)) {
        return false;
      }
      opened(in);
      return true;
    }
    if (sender.isAhead(in)) {
      acknowledgeSoon();
      return false;
    }
    if (sender.acknowledged(in)) {
      updateInterest();
    }
    finishIfDone();
    return true;
  }

  private void takeData(TcpSegment in) {
    if (state != State.OPEN) {
      return;
    }
    if (receiver.mustAcknowledge(in)) {
      acknowledgeSoon();
    }
    try {
      if (receiver.take(in) > 0) {
        used = System.nanoTime();
      }
    } catch (IOException e) {
      stack.debug("the host's end broke", e);
      abort();
      return;
    }
    shutHostWhenDrained();
    updateInterest();
  }

  private void shutHostWhenDrained() {
    if (state == State.OPEN && receiver.mustShut()) {
      try {
        receiver.shut();
      } catch (IOException e) {
        // Its other end has gone: nothing is missed there.
        stack.debug("the host's end cannot be shut", e);
      }
      finishIfDone();
    }
  }

  private void finishIfDone() {
    if (state == State.OPEN && receiver.isShut() && sender.isDone()) {
      // The acknowledgment of the guest's end may still be owed.
      sendOwed();
      closeHost();
    }
  }

  private void acknowledgeSoon() {
    acknowledge = true;
    stack.owes(this);
  }

  /** Sends what is owed to the guest once all its segments at hand were looked at. */
  void sendOwed() {
    if (acknowledge && state != State.CLOSED && state != State.DIALLING) {
      send(Packets.ACK, sender.next(), 0, 0);
    }
  }

  private void sendSyn() {
    sender.syn(Packets.SYN | (state == State.SYN_SENT ? 0 : Packets.ACK));
  }

  /** Sends as much data as window and link take. */
  void output() {
    if (state == State.OPEN) {
      sender.send();
    }
  }

  private boolean send(int flags, int sequence, int offset, int length) {
    boolean syn = (flags & Packets.SYN) != 0;
    ByteBuffer to = stack.begin(this, endpoints, syn ? TcpSegment.SYN_OPTIONS : 0, length);
    if (to == null) {
      return false;
    }
    TcpSegment.Header header =
        new TcpSegment.Header(endpoints, flags, sequence, receiver.next(), receiver.show(syn));
    int limit = syn ? stack.largestSegment(endpoints) : -1;
    int scale = receiver.scale() > 0 ? SCALE : -1;
    TcpSegment.write(to, header, limit, scale, sender.waiting(), offset, length);
    acknowledge = false;
    return true;
  }

  /**
   * Sends again what the guest did not acknowledge in time, and looks whether its window is open.
   */
  void tick(long now) {
    if (state == State.SYN_SENT || state == State.SYN_RECEIVED || state == State.DIALLING) {
      if (now - begun > (state == State.DIALLING ? DIALLING_LIMIT : OPENING_LIMIT)) {
        abort();
        return;
      }
    }
    if (state == State.DIALLING || state == State.CLOSED || !sender.beginRetry(now)) {
      return;
    }
    if (state == State.OPEN) {
      sender.sendAgain();
    } else {
      sendSyn();
    }
  }

  // The far end's side.

  @Override
  public void ready() {
    try {
      if (state == State.DIALLING) {
        if (host.finishConnect()) {
          hostConnected();
        }
        return;
      }
      if (host.isWritable()) {
        receiver.drain();
        shutHostWhenDrained();
        tellOpenedWindow();
      }
      if (state == State.OPEN && host.isReadable()) {
        read();
      }
    } catch (IOException e) {
      stack.debug("the host's end broke", e);
      if (state == State.DIALLING && TcpStack.isUnreachable(e)) {
        stack.unreachable(endpoints);
      }
      abort();
      return;
    }
    if (state == State.OPEN) {
      updateInterest();
      output();
    }
  }

  private void hostConnected() {
    stack.dialled(this);
    state = State.SYN_RECEIVED;
    used = System.nanoTime();
    sendSyn();
  }

  private void read() throws IOException {
    if (sender.readFrom(host) > 0) {
      hostSpoke = true;
      used = System.nanoTime();
    }
  }

  /** The guest waits for it once it has filled half of the window. */
  private void tellOpenedWindow() {
    int worthIt = Math.min(Ring.CEILING / 2, 2 * stack.largestSegment(endpoints));
    if (state == State.OPEN && receiver.opened() >= worthIt) {
      acknowledgeSoon();
    }
  }

  private void updateInterest() {
    if (state == State.OPEN) {
      host.interest(sender.wantsMore(), !receiver.isEmpty());
    }
  }

  /** Both ends are told that it broke. */
  void abort() {
    if (state != State.CLOSED) {
      if (state == State.DIALLING) {
        stack.reset(endpoints, 0, receiver.next());
      } else {
        send(Packets.RST | Packets.ACK, sender.next(), 0, 0);
      }
      abortHost();
    }
  }

  private void abortHost() {
    host.reset();
    forget();
  }

  private void closeHost() {
    host.close();
    forget();
  }

  private void forget() {
    if (state == State.DIALLING) {
      stack.dialled(this);
    }
    state = State.CLOSED;
    receiver.release();
    sender.release();
    stack.remove(this);
  }

  /** For logs. */
  @Override
  public String toString() {
    return endpoints + " " + state;
  }
}
