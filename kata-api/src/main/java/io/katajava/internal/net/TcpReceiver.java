package io.katajava.internal.net;

import java.io.IOException;
import java.nio.ByteBuffer;

/** What a connection receives from the guest, in order, on its way to the far end. */
final class TcpReceiver {
  private final FarEnd host;
  private final Ring waiting;
  private int next;
  private int scale;

  /** Up to where the guest has been told that it may send. */
  private int edge;

  private boolean ended;
  private boolean shut;

  TcpReceiver(FarEnd host, Ring.Budget budget) {
    this.host = host;
    this.waiting = new Ring(budget);
  }

  /** The guest's first number is known. */
  void begin(TcpSegment syn) {
    next = syn.sequence + 1;
  }

  /** Sets by how much windows are shown smaller than they are; 0 where the guest knows no scale. */
  void scale(int bits) {
    scale = bits;
  }

  int scale() {
    return scale;
  }

  /** The number of the next byte. */
  int next() {
    return next;
  }

  /** Whether the guest waits for word of it, be it that it was not new. */
  boolean mustAcknowledge(TcpSegment in) {
    return in.sequence != next || in.length > 0 || in.has(Packets.FIN);
  }

  /**
   * Takes what is new of a segment, as far as there is room for it.
   *
   * @return how many bytes
   */
  int take(TcpSegment in) throws IOException {
    int skip = next - in.sequence;
    if (skip < 0 || skip > in.length || ended) {
      return 0;
    }
    int taken = in.length > skip ? take(in.data(skip)) : 0;
    next += taken;
    if (in.has(Packets.FIN) && taken == in.length - skip) {
      ended = true;
      next++;
    }
    return taken;
  }

  private int take(ByteBuffer data) throws IOException {
    int taken = waiting.isEmpty() ? host.write(data) : 0;
    int rest = Math.min(data.remaining(), waiting.free());
    if (rest > 0) {
      waiting.put(data.limit(data.position() + rest));
      taken += rest;
    }
    return taken;
  }

  boolean isEmpty() {
    return waiting.isEmpty();
  }

  /** Lets the far end have what waits, as much as it takes. */
  void drain() throws IOException {
    waiting.writeTo(host);
  }

  /** Whether the far end has all of it, and is not told so yet. */
  boolean mustShut() {
    return ended && waiting.isEmpty() && !shut;
  }

  /** Tells the far end that this was all. */
  void shut() throws IOException {
    shut = true;
    host.shutdownOutput();
  }

  boolean isShut() {
    return shut;
  }

  /** The window as a segment shows it; the guest knows it with that segment. */
  int show(boolean syn) {
    int window = waiting.free();
    int shown = Math.min(0xffff, syn ? window : window >>> scale);
    edge = next + (syn ? shown : shown << scale);
    return shown;
  }

  /** By how much the window is wider than the guest knows; of no interest once it has ended. */
  int opened() {
    return ended ? 0 : next + waiting.free() - edge;
  }

  void release() {
    waiting.release();
  }
}
