package io.katajava.internal.net;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import org.jspecify.annotations.Nullable;

/**
 * Bytes on their way between a socket and the guest. Takes memory only while it holds something,
 * and more than its floor only while the sandbox's budget has it.
 */
final class Ring {
  /** What a connection gets whatever the others use. */
  static final int FLOOR = 16 << 10;

  /** What a connection has at most. */
  static final int CEILING = 512 << 10;

  private final Budget budget;
  private byte @Nullable [] bytes;
  private int start;
  private int size;

  Ring(Budget budget) {
    this.budget = budget;
  }

  int size() {
    return size;
  }

  boolean isEmpty() {
    return size == 0;
  }

  /** How much could be added now. */
  int free() {
    int capacity = bytes == null ? 0 : bytes.length;
    if (capacity >= CEILING) {
      return capacity - size;
    }
    int possible = (int) Math.min(CEILING, capacity + budget.left());
    return Math.max(Math.max(FLOOR, capacity), possible) - size;
  }

  /** Makes room for so many bytes, of which there are {@link #free()}. */
  private byte[] room(int more) {
    byte[] now = bytes;
    int wanted = size + more;
    if (now != null && wanted <= now.length) {
      return now;
    }
    int capacity = now == null ? FLOOR : now.length;
    while (capacity < wanted) {
      capacity *= 2;
    }
    capacity = Math.min(capacity, Math.max(wanted, CEILING));
    byte[] next = new byte[capacity];
    if (now != null) {
      copy(now, 0, next, size);
    }
    budget.take(capacity - (now == null ? 0 : now.length));
    start = 0;
    bytes = next;
    return next;
  }

  private void copy(byte[] from, int offset, byte[] to, int length) {
    int at = (start + offset) % from.length;
    int first = Math.min(length, from.length - at);
    System.arraycopy(from, at, to, 0, first);
    System.arraycopy(from, 0, to, first, length - first);
  }

  /** Appends what is left in the buffer; it must fit. */
  void put(ByteBuffer source) {
    int length = source.remaining();
    if (length == 0) {
      return;
    }
    byte[] to = room(length);
    int at = (start + size) % to.length;
    int first = Math.min(length, to.length - at);
    source.get(to, at, first);
    source.get(to, 0, length - first);
    size += length;
  }

  /** Reads once. Returns what the channel returns. */
  int readFrom(ReadableByteChannel channel, int atMost) throws IOException {
    byte[] to = room(Math.min(atMost, free()));
    int at = (start + size) % to.length;
    int length = Math.min(Math.min(atMost, to.length - size), to.length - at);
    int count = channel.read(ByteBuffer.wrap(to, at, length));
    if (count > 0) {
      size += count;
    } else if (size == 0) {
      release();
    }
    return count;
  }

  /** Writes once, and forgets what was written. */
  void writeTo(WritableByteChannel channel) throws IOException {
    byte[] from = bytes;
    if (from == null || size == 0) {
      return;
    }
    int length = Math.min(size, from.length - start);
    discard(channel.write(ByteBuffer.wrap(from, start, length)));
  }

  /** Copies bytes that stay. */
  void copyTo(ByteBuffer target, int offset, int length) {
    byte[] from = bytes;
    if (from == null || length == 0) {
      return;
    }
    int at = (start + offset) % from.length;
    int first = Math.min(length, from.length - at);
    target.put(from, at, first).put(from, 0, length - first);
  }

  void discard(int count) {
    byte[] now = bytes;
    if (now == null || count == 0) {
      return;
    }
    start = (start + count) % now.length;
    size -= count;
    if (size == 0 && now.length > FLOOR && budget.isTight()) {
      release();
    }
  }

  void release() {
    byte[] now = bytes;
    if (now != null) {
      budget.give(now.length);
    }
    bytes = null;
    start = 0;
    size = 0;
  }

  /** Memory that the connections of one network share. */
  static final class Budget {
    private long left;

    private final long whole;

    Budget(long bytes) {
      this.left = bytes;
      this.whole = bytes;
    }

    /** Less than a quarter is left: what is not in use is given back. */
    boolean isTight() {
      return left < whole / 4;
    }

    long left() {
      return left;
    }

    void take(long bytes) {
      left -= bytes;
    }

    void give(long bytes) {
      left += bytes;
    }
  }
}
