package io.katajava.internal.net;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

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

  private static final int READ = 64 << 10;
  private static final int DEFAULT_SEGMENT = 536;
  private static final long FIRST_RETRY = TimeUnit.MILLISECONDS.toNanos(500);
  private static final long SLOWEST_RETRY = TimeUnit.SECONDS.toNanos(20);
  private static final long OPENING_LIMIT = TimeUnit.SECONDS.toNanos(60);

  /** A far end that has not answered by then does not; the guest has sent five times until then. */
  private static final long DIALLING_LIMIT = TimeUnit.SECONDS.toNanos(35);

  private final TcpStack stack;
  private final TcpStack.Endpoints endpoints;
  private final TcpStack.Far far;
  private final FarEnd host;
  private final Ring toHost;
  private final Ring toGuest;
  private final long begun = System.nanoTime();

  private long used = begun;
  private boolean hostSpoke;
  private State state;
  private int segment = DEFAULT_SEGMENT;

  /** The oldest number the guest has not acknowledged; data in {@link #toGuest} begins there. */
  private int sendUnacknowledged;

  private int sendNext;
  private int sendHighest;
  private int sendWindow;
  private int sendScale;
  private boolean hostEnded;
  private boolean endAcknowledged;

  private int receiveNext;
  private int receiveScale;
  private int receiveEdge;
  private boolean guestEnded;
  private boolean hostShut;

  private boolean acknowledge;
  private int duplicates;
  private long retryAt;
  private long retry = FIRST_RETRY;

  private TcpConnection(TcpStack stack, TcpStack.Endpoints endpoints, TcpStack.Far far, State state)
      throws IOException {
    this.stack = stack;
    this.endpoints = endpoints;
    this.far = far;
    this.host = far.end();
    this.state = state;
    this.toHost = new Ring(stack.budget());
    this.toGuest = new Ring(stack.budget());
    this.sendUnacknowledged = stack.initialSequence();
    this.sendNext = sendUnacknowledged;
    this.sendHighest = sendUnacknowledged;
    host.watch(stack.channels(), this);
  }

  /** The guest wants to connect, and the socket is being connected. */
  static TcpConnection dialling(
      TcpStack stack, TcpStack.Endpoints endpoints, TcpStack.Far far, Segment syn)
      throws IOException {
    TcpConnection connection = new TcpConnection(stack, endpoints, far, State.DIALLING);
    connection.takeOptions(syn);
    connection.receiveNext = syn.sequence + 1;
    if (far.end().isConnected()) {
      connection.hostConnected();
    }
    return connection;
  }

  /** A program of the host has connected, and the guest shall accept. */
  static TcpConnection accepted(TcpStack stack, TcpStack.Endpoints endpoints, TcpStack.Far far)
      throws IOException {
    TcpConnection connection = new TcpConnection(stack, endpoints, far, State.SYN_SENT);
    connection.receiveScale = SCALE;
    connection.sendSyn();
    return connection;
  }

  TcpStack.Endpoints endpoints() {
    return endpoints;
  }

  TcpStack.Far far() {
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

  void segment(Segment in) {
    if (state == State.CLOSED || (state == State.DIALLING && !in.has(Packets.RST))) {
      return;
    }
    if (in.has(Packets.RST)) {
      boolean ours =
          state == State.SYN_SENT
              ? in.has(Packets.ACK) && in.acknowledgment == sendHighest
              : in.sequence == receiveNext || state == State.DIALLING;
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

  private void answered(Segment in) {
    if (!in.has(Packets.SYN) || !in.has(Packets.ACK) || in.acknowledgment != sendHighest) {
      return;
    }
    takeOptions(in);
    receiveNext = in.sequence + 1;
    opened(in);
    acknowledgeSoon();
  }

  private void takeOptions(Segment syn) {
    if (syn.segmentLimit > 0) {
      segment = Math.max(64, syn.segmentLimit);
    }
    segment = Math.min(segment, stack.largestSegment(endpoints));
    sendScale = Math.max(0, syn.windowScale);
    receiveScale = syn.windowScale >= 0 ? SCALE : 0;
  }

  private void opened(Segment in) {
    sendUnacknowledged = in.acknowledgment;
    sendNext = in.acknowledgment;
    sendWindow = in.has(Packets.SYN) ? in.window : in.window << sendScale;
    state = State.OPEN;
    retryAt = 0;
    retry = FIRST_RETRY;
    updateInterest();
  }

  /** Returns false for what acknowledges something that was never sent. */
  private boolean takeAcknowledgment(Segment in) {
    if (state == State.SYN_RECEIVED) {
      if (in.acknowledgment != sendHighest) {
        return false;
      }
      opened(in);
      return true;
    }
    int fresh = in.acknowledgment - sendUnacknowledged;
    if (fresh < 0) {
      return true;
    }
    if (fresh > sendHighest - sendUnacknowledged) {
      acknowledgeSoon();
      return false;
    }
    int window = in.window << sendScale;
    if (fresh > 0) {
      int data = Math.min(fresh, toGuest.size());
      toGuest.discard(data);
      endAcknowledged |= fresh > data;
      sendUnacknowledged = in.acknowledgment;
      if (sendNext - sendUnacknowledged < 0) {
        sendNext = sendUnacknowledged;
      }
      duplicates = 0;
      retry = FIRST_RETRY;
      retryAt = sendHighest == sendUnacknowledged ? 0 : System.nanoTime() + retry;
      updateInterest();
    } else if (in.length == 0 && window == sendWindow && sendHighest != sendUnacknowledged) {
      if (++duplicates == 3) {
        sendNext = sendUnacknowledged;
      }
    }
    sendWindow = window;
    finishIfDone();
    return true;
  }

  private void takeData(Segment in) {
    if (state != State.OPEN) {
      return;
    }
    int skip = receiveNext - in.sequence;
    if (skip != 0 || in.length > 0 || in.has(Packets.FIN)) {
      acknowledgeSoon();
    }
    boolean end = in.has(Packets.FIN);
    if (skip < 0 || skip > in.length || guestEnded) {
      return;
    }
    if (in.length > skip) {
      ByteBuffer data = in.data(skip);
      int taken = 0;
      try {
        if (toHost.isEmpty()) {
          taken = host.write(data);
        }
      } catch (IOException e) {
        stack.debug("the host's end broke", e);
        abort();
        return;
      }
      int rest = Math.min(data.remaining(), toHost.free());
      if (rest > 0) {
        int limit = data.limit();
        data.limit(data.position() + rest);
        toHost.put(data);
        data.limit(limit);
        taken += rest;
      }
      receiveNext += taken;
      used = taken > 0 ? System.nanoTime() : used;
      if (taken < in.length - skip) {
        end = false;
      }
    }
    if (end) {
      guestEnded = true;
      receiveNext++;
      shutHostWhenDrained();
    }
    updateInterest();
  }

  private void shutHostWhenDrained() {
    if (guestEnded && toHost.isEmpty() && !hostShut && state == State.OPEN) {
      hostShut = true;
      try {
        host.shutdownOutput();
      } catch (IOException e) {
        // Its other end has gone: nothing is missed there.
        stack.debug("the host's end cannot be shut", e);
      }
      finishIfDone();
    }
  }

  private void finishIfDone() {
    if (state == State.OPEN && hostShut && endAcknowledged) {
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
      send(Packets.ACK, sendNext, 0, 0);
    }
  }

  private void sendSyn() {
    send(Packets.SYN | (state == State.SYN_SENT ? 0 : Packets.ACK), sendUnacknowledged, 0, 0);
    sendNext = sendUnacknowledged + 1;
    sendHighest = sendNext;
    retryAt = System.nanoTime() + retry;
  }

  /** Sends as much data as window and link take. */
  void output() {
    while (state == State.OPEN) {
      int offset = sendNext - sendUnacknowledged;
      int available = toGuest.size() - offset;
      if (available > 0) {
        int length = Math.min(segment, Math.min(available, sendWindow - offset));
        // A smaller segment than could be sent waits for the window to open.
        if (length <= 0 || (length < Math.min(segment, available) && offset > 0)) {
          break;
        }
        int push = length == available ? Packets.PSH : 0;
        if (!send(Packets.ACK | push, sendNext, offset, length)) {
          break;
        }
        sent(length);
      } else if (hostEnded && !endAcknowledged && available == 0) {
        if (!send(Packets.FIN | Packets.ACK, sendNext, 0, 0)) {
          break;
        }
        sent(1);
      } else {
        break;
      }
    }
    if (state == State.OPEN && retryAt == 0 && (hasUnsent() || sendHighest != sendUnacknowledged)) {
      retryAt = System.nanoTime() + retry;
    }
  }

  private boolean hasUnsent() {
    return toGuest.size() > sendNext - sendUnacknowledged;
  }

  private void sent(int length) {
    sendNext += length;
    if (sendNext - sendHighest > 0) {
      sendHighest = sendNext;
    }
    if (retryAt == 0) {
      retryAt = System.nanoTime() + retry;
    }
  }

  private boolean send(int flags, int sequence, int offset, int length) {
    ByteBuffer to =
        stack.begin(this, endpoints, (flags & Packets.SYN) != 0 ? Segment.SYN_OPTIONS : 0, length);
    if (to == null) {
      return false;
    }
    boolean syn = (flags & Packets.SYN) != 0;
    int window = toHost.free();
    int shown = Math.min(0xffff, syn ? window : window >>> receiveScale);
    Segment.Header header = new Segment.Header(endpoints, flags, sequence, receiveNext, shown);
    int scale = receiveScale > 0 ? SCALE : -1;
    Segment.write(
        to, header, syn ? stack.largestSegment(endpoints) : -1, scale, toGuest, offset, length);
    receiveEdge = receiveNext + (syn ? shown : shown << receiveScale);
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
    if (retryAt == 0 || now - retryAt < 0 || state == State.DIALLING || state == State.CLOSED) {
      return;
    }
    retry = Math.min(retry * 2, SLOWEST_RETRY);
    retryAt = now + retry;
    if (state != State.OPEN) {
      sendSyn();
      return;
    }
    sendNext = sendUnacknowledged;
    if (toGuest.isEmpty()) {
      output();
      return;
    }
    int length = Math.min(Math.min(segment, toGuest.size()), Math.max(1, sendWindow));
    if (send(Packets.ACK | Packets.PSH, sendNext, 0, length)) {
      sent(length);
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
        toHost.writeTo(host);
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
    int count = toGuest.readFrom(host, READ);
    if (count < 0) {
      hostEnded = true;
    } else if (count > 0) {
      hostSpoke = true;
      used = System.nanoTime();
    }
  }

  /** The guest waits for it once it has filled half of the window. */
  private void tellOpenedWindow() {
    if (state == State.OPEN && !guestEnded) {
      int opened = receiveNext + toHost.free() - receiveEdge;
      if (opened >= Math.min(Ring.CEILING / 2, 2 * stack.largestSegment(endpoints))) {
        acknowledgeSoon();
      }
    }
  }

  private void updateInterest() {
    if (state == State.OPEN) {
      host.interest(!hostEnded && toGuest.free() > 0, !toHost.isEmpty());
    }
  }

  /** Both ends are told that it broke. */
  void abort() {
    if (state != State.CLOSED) {
      if (state == State.DIALLING) {
        stack.reset(endpoints, 0, receiveNext);
      } else {
        send(Packets.RST | Packets.ACK, sendNext, 0, 0);
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
    toHost.release();
    toGuest.release();
    stack.remove(this);
  }

  /** For logs. */
  @Override
  public String toString() {
    return endpoints + " " + state;
  }

  /** The segment at hand, read out of a frame. */
  static final class Segment {
    static final int SYN_OPTIONS = 8;
    private static final int END_OF_OPTIONS = 0;
    private static final int NO_OPTION = 1;
    private static final int SEGMENT_LIMIT = 2;
    private static final int WINDOW_SCALE = 3;

    int sourcePort;
    int destinationPort;
    int sequence;
    int acknowledgment;
    int flags;
    int window;
    int length;
    int segmentLimit;
    int windowScale;
    private int dataAt;
    private @Nullable ByteBuffer frame;

    boolean has(int flag) {
      return (flags & flag) != 0;
    }

    /** Reads a segment that begins at that place and has that length; false if it is none. */
    boolean read(ByteBuffer packet, int at, int size) {
      if (size < Packets.TCP) {
        return false;
      }
      int header = (packet.get(at + 12) >> 4 & 15) * 4;
      if (header < Packets.TCP || header > size) {
        return false;
      }
      frame = packet;
      sourcePort = packet.getShort(at) & 0xffff;
      destinationPort = packet.getShort(at + 2) & 0xffff;
      sequence = packet.getInt(at + 4);
      acknowledgment = packet.getInt(at + 8);
      flags = packet.get(at + 13);
      window = packet.getShort(at + 14) & 0xffff;
      dataAt = at + header;
      length = size - header;
      segmentLimit = 0;
      windowScale = -1;
      if (has(Packets.SYN)) {
        readOptions(packet, at + Packets.TCP, at + header);
      }
      return true;
    }

    private void readOptions(ByteBuffer packet, int from, int end) {
      int at = from;
      while (at < end) {
        int kind = packet.get(at);
        if (kind == END_OF_OPTIONS) {
          return;
        }
        int size = kind == NO_OPTION ? 1 : at + 1 < end ? packet.get(at + 1) & 0xff : 0;
        if (size == 0 || (kind != NO_OPTION && size < 2) || at + size > end) {
          return;
        }
        if (kind == SEGMENT_LIMIT && size == 4) {
          segmentLimit = packet.getShort(at + 2) & 0xffff;
        } else if (kind == WINDOW_SCALE && size == 3) {
          // More than 14 is to be taken as 14 (RFC 7323, 2.3).
          windowScale = Math.min(14, packet.get(at + 2) & 0xff);
        }
        at += size;
      }
    }

    /** The data from an offset on, as a view of the frame. */
    ByteBuffer data(int offset) {
      ByteBuffer packet = java.util.Objects.requireNonNull(frame);
      return packet.duplicate().limit(dataAt + length).position(dataAt + offset);
    }

    /** What a segment of ours says. */
    record Header(
        TcpStack.Endpoints endpoints, int flags, int sequence, int acknowledgment, int window) {}

    /** Writes a segment at the buffer's position; a limit below 0 means no options. */
    static void write(
        ByteBuffer to,
        Header header,
        int segmentLimit,
        int scale,
        @Nullable Ring data,
        int offset,
        int length) {
      int start = to.position();
      boolean options = segmentLimit >= 0;
      int headerLength = Packets.TCP + (options ? SYN_OPTIONS : 0);
      to.putShort((short) header.endpoints().port());
      to.putShort((short) header.endpoints().guestPort());
      to.putInt(header.sequence());
      to.putInt((header.flags() & Packets.ACK) != 0 ? header.acknowledgment() : 0);
      to.put((byte) ((headerLength / 4) << 4)).put((byte) header.flags());
      to.putShort((short) header.window());
      to.putInt(0);
      if (options) {
        to.put((byte) SEGMENT_LIMIT).put((byte) 4).putShort((short) segmentLimit);
        if (scale >= 0) {
          to.put((byte) NO_OPTION).put((byte) WINDOW_SCALE).put((byte) 3).put((byte) scale);
        } else {
          to.putInt(0x01010101);
        }
      }
      if (data != null) {
        data.copyTo(to, offset, length);
      }
      short sum =
          Packets.transportChecksum(
              to,
              start,
              headerLength + length,
              Packets.PROTOCOL_TCP,
              header.endpoints().address(),
              header.endpoints().guestAddress());
      to.putShort(start + 16, sum);
    }
  }
}
