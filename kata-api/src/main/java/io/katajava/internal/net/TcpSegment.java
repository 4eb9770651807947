package io.katajava.internal.net;

import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A segment of TCP: one of the guest, read out of a frame, or one of ours, to be written. */
final class TcpSegment {
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
    ByteBuffer packet = Objects.requireNonNull(frame);
    return packet.duplicate().limit(dataAt + length).position(dataAt + offset);
  }

  /** What a segment of ours says. */
  record Header(TcpEndpoints endpoints, int flags, int sequence, int acknowledgment, int window) {}

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
