package io.katajava.internal.exec;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/**
 * Bytes in the order they came. Small pieces are put together in larger arrays, so that a byte kept
 * costs little more than a byte however it came; what it costs can be asked. Not for several
 * threads at once.
 */
final class ByteQueue {
  private static final int SMALLEST = 256;
  private static final int LARGEST = 64 << 10;

  /** Pieces from this size on are kept as they are. */
  private static final int LARGE_PIECE = 4 << 10;

  /** What a block costs besides its bytes: two objects' heads, its fields, its place. */
  static final int BLOCK_COST = 64;

  /** The bytes from {@code from} on and before {@code to} are held. */
  private static final class Block {
    byte[] bytes;
    int from;
    int to;

    Block(byte[] bytes, int to) {
      this.bytes = bytes;
      this.to = to;
    }

    long cost() {
      return (long) bytes.length + BLOCK_COST;
    }
  }

  private final Deque<Block> blocks = new ArrayDeque<>();
  private long size;
  private long cost;

  /** How many bytes are held. */
  long size() {
    return size;
  }

  /** How many bytes of memory they take. */
  long cost() {
    return cost;
  }

  boolean isEmpty() {
    return size == 0;
  }

  /** Adds a piece; the array may be kept. */
  void add(byte[] piece) {
    if (piece.length == 0) {
      return;
    }
    size += piece.length;
    Block tail = blocks.peekLast();
    int room = tail == null ? 0 : tail.bytes.length - tail.to;
    if (tail != null && piece.length <= room) {
      append(tail, piece, 0, piece.length);
    } else if (piece.length >= LARGE_PIECE) {
      if (tail != null && room > 0) {
        trim(tail);
      }
      hold(new Block(piece, piece.length));
    } else {
      int first = Math.min(room, piece.length);
      if (tail != null && first > 0) {
        append(tail, piece, 0, first);
      }
      int capacity = tail == null ? SMALLEST : Math.min(LARGEST, 2 * tail.bytes.length);
      Block next = new Block(new byte[Math.max(capacity, piece.length - first)], 0);
      append(next, piece, first, piece.length - first);
      hold(next);
    }
  }

  private static void append(Block block, byte[] piece, int from, int length) {
    System.arraycopy(piece, from, block.bytes, block.to, length);
    block.to += length;
  }

  private void trim(Block block) {
    cost -= block.cost();
    block.bytes = Arrays.copyOf(block.bytes, block.to);
    cost += block.cost();
  }

  private void hold(Block block) {
    blocks.add(block);
    cost += block.cost();
  }

  /** Takes bytes out; how many. */
  int read(byte[] target, int offset, int length) {
    int copied = 0;
    for (Block head = blocks.peek(); head != null && copied < length; head = blocks.peek()) {
      int part = Math.min(length - copied, head.to - head.from);
      System.arraycopy(head.bytes, head.from, target, offset + copied, part);
      head.from += part;
      copied += part;
      size -= part;
      if (head.from < head.to) {
        break;
      }
      cost -= blocks.remove().cost();
    }
    return copied;
  }

  /** Takes the oldest bytes out, as many as lie together; they are the caller's. */
  ByteBuffer poll() {
    Block head = blocks.remove();
    cost -= head.cost();
    size -= head.to - head.from;
    return ByteBuffer.wrap(head.bytes, head.from, head.to - head.from).slice();
  }

  /** Takes everything out. Each block goes as soon as it was copied. */
  byte[] takeAll() {
    byte[] all = new byte[Math.toIntExact(size)];
    int at = 0;
    while (at < all.length) {
      at += read(all, at, all.length - at);
    }
    return all;
  }

  void clear() {
    blocks.clear();
    size = 0;
    cost = 0;
  }
}
