package io.katajava.internal.net;

import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.util.concurrent.TimeUnit;

/**
 * What a connection sends to the guest: the far end's data, each byte until it is acknowledged (RFC
 * 9293, 3.3.1 and 3.8).
 */
final class TcpSender {
  /** Writes segments of ours. */
  interface Output {
    /**
     * Writes one.
     *
     * @param offset where its data begins in what was not acknowledged
     * @return false when the link is full
     */
    boolean send(int flags, int sequence, int offset, int length);
  }

  private static final int READ = 64 << 10;
  private static final int DEFAULT_SEGMENT = 536;
  private static final long FIRST_RETRY = TimeUnit.MILLISECONDS.toNanos(500);
  private static final long SLOWEST_RETRY = TimeUnit.SECONDS.toNanos(20);

  private final Output output;
  private final Ring waiting;
  private int segment = DEFAULT_SEGMENT;

  /** The oldest number the guest has not acknowledged; data in {@link #waiting} begins there. */
  private int unacknowledged;

  private int next;
  private int highest;
  private int window;
  private int scale;
  private boolean ended;
  private boolean endAcknowledged;
  private int duplicates;
  private long retryAt;
  private long retry = FIRST_RETRY;

  TcpSender(Output output, Ring.Budget budget, int initialSequence) {
    this.output = output;
    this.waiting = new Ring(budget);
    this.unacknowledged = initialSequence;
    this.next = initialSequence;
    this.highest = initialSequence;
  }

  /** Takes what the guest says about what it can receive. */
  void takeOptions(TcpSegment syn, int largestSegment) {
    if (syn.segmentLimit > 0) {
      segment = Math.max(64, syn.segmentLimit);
    }
    segment = Math.min(segment, largestSegment);
    scale = Math.max(0, syn.windowScale);
  }

  /** The number of the next byte. */
  int next() {
    return next;
  }

  /** What the offsets of {@link Output} count in. */
  Ring waiting() {
    return waiting;
  }

  /** Asks for the connection, or grants it. */
  void syn(int flags) {
    output.send(flags, unacknowledged, 0, 0);
    next = unacknowledged + 1;
    highest = next;
    retryAt = System.nanoTime() + retry;
  }

  /** Whether it acknowledges all that was sent. */
  boolean isAnswered(TcpSegment in) {
    return in.acknowledgment == highest;
  }

  /** The guest knows that the connection is open. */
  void opened(TcpSegment in) {
    unacknowledged = in.acknowledgment;
    next = in.acknowledgment;
    window = in.has(Packets.SYN) ? in.window : in.window << scale;
    retryAt = 0;
    retry = FIRST_RETRY;
  }

  /** Whether a segment acknowledges something that was never sent. */
  boolean isAhead(TcpSegment in) {
    return in.acknowledgment - unacknowledged > highest - unacknowledged;
  }

  /**
   * Takes an acknowledgment, be it an old one.
   *
   * @return whether it acknowledges something for the first time
   */
  boolean acknowledged(TcpSegment in) {
    int fresh = in.acknowledgment - unacknowledged;
    if (fresh < 0) {
      return false;
    }
    int wide = in.window << scale;
    if (fresh > 0) {
      int data = Math.min(fresh, waiting.size());
      waiting.discard(data);
      endAcknowledged |= fresh > data;
      unacknowledged = in.acknowledgment;
      if (next - unacknowledged < 0) {
        next = unacknowledged;
      }
      duplicates = 0;
      retry = FIRST_RETRY;
      retryAt = highest == unacknowledged ? 0 : System.nanoTime() + retry;
    } else if (in.length == 0 && wide == window && highest != unacknowledged) {
      if (++duplicates == 3) {
        next = unacknowledged;
      }
    }
    window = wide;
    return fresh > 0;
  }

  /** Sends as much data as window and link take. */
  void send() {
    boolean more;
    do {
      more = sendNext();
    } while (more);
    if (retryAt == 0 && (hasUnsent() || highest != unacknowledged)) {
      retryAt = System.nanoTime() + retry;
    }
  }

  private boolean sendNext() {
    int offset = next - unacknowledged;
    int available = waiting.size() - offset;
    if (available > 0) {
      int length = Math.min(segment, Math.min(available, window - offset));
      // A smaller segment than could be sent waits for the window to open.
      if (length <= 0 || (length < Math.min(segment, available) && offset > 0)) {
        return false;
      }
      int push = length == available ? Packets.PSH : 0;
      return send(Packets.ACK | push, offset, length, length);
    }
    return ended && !endAcknowledged && available == 0 && send(Packets.FIN | Packets.ACK, 0, 0, 1);
  }

  /** The length of data in a segment, and that of the numbers it takes. */
  private boolean send(int flags, int offset, int length, int numbers) {
    if (!output.send(flags, next, offset, length)) {
      return false;
    }
    next += numbers;
    if (next - highest > 0) {
      highest = next;
    }
    if (retryAt == 0) {
      retryAt = System.nanoTime() + retry;
    }
    return true;
  }

  private boolean hasUnsent() {
    return waiting.size() > next - unacknowledged;
  }

  /** Begins to send again, if it is time for that; the next time is later then. */
  boolean beginRetry(long now) {
    if (retryAt == 0 || now - retryAt < 0) {
      return false;
    }
    retry = Math.min(retry * 2, SLOWEST_RETRY);
    retryAt = now + retry;
    return true;
  }

  /** Sends again what was not acknowledged in time, and looks whether the window is open. */
  void sendAgain() {
    next = unacknowledged;
    if (waiting.isEmpty()) {
      send();
      return;
    }
    int length = Math.min(Math.min(segment, waiting.size()), Math.max(1, window));
    send(Packets.ACK | Packets.PSH, 0, length, length);
  }

  /** Reads once from the far end. Returns what that returns. */
  int readFrom(ReadableByteChannel host) throws IOException {
    int count = waiting.readFrom(host, READ);
    ended |= count < 0;
    return count;
  }

  /** Whether there is room for more of the far end, which has not ended. */
  boolean wantsMore() {
    return !ended && waiting.free() > 0;
  }

  /** Whether the guest has all of it, and knows that this was all. */
  boolean isDone() {
    return endAcknowledged;
  }

  void release() {
    waiting.release();
  }
}
