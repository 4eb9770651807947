package io.katajava.qmp;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a byte stream into JSON objects. QEMU ends a message with a line break; a monitor with
 * {@code pretty=on} also breaks lines inside, where the next line is then indented or closes
 * something. So brackets are counted, and a line break inside a message that is followed by
 * anything else shows a broken peer at once.
 */
final class MessageFramer {
  private static final int INITIAL_SIZE = 16 * 1024;

  /** A buffer that grew beyond this is given back after its message. */
  private static final int KEPT_SIZE = 1 << 20;

  /** The guest agent sends this byte, which no JSON text contains, before it starts afresh. */
  private static final byte RESET = (byte) 0xFF;

  private final int limit;
  private final boolean resettable;

  /** What a guest agent sent before the first reset was meant for somebody else. */
  private boolean skipping;

  private byte[] buffer = new byte[INITIAL_SIZE];
  private int start;
  private int scanned;
  private int end;
  private int depth;
  private boolean inString;
  private boolean escaped;
  private boolean lineStart;

  MessageFramer(int limit, boolean resettable) {
    this.limit = limit;
    this.resettable = resettable;
    this.skipping = resettable;
  }

  /** Appends what was received. */
  void append(ByteBuffer received) {
    int count = received.remaining();
    if (start == end) {
      start = 0;
      scanned = 0;
      end = 0;
      if (buffer.length > KEPT_SIZE) {
        buffer = new byte[INITIAL_SIZE];
      }
    }
    if (buffer.length - end < count) {
      int held = end - start;
      byte[] target = buffer;
      if (buffer.length - held < count || held > buffer.length / 2) {
        target = new byte[(int) Math.min(Integer.MAX_VALUE - 8L, (held + count) * 2L)];
      }
      System.arraycopy(buffer, start, target, 0, held);
      buffer = target;
      scanned -= start;
      start = 0;
      end = held;
    }
    received.get(buffer, end, count);
    end += count;
  }

  /**
   * Finds the next whole message.
   *
   * @return where it is in {@link #bytes}, or null if more must be received first
   * @throws QmpProtocolException if this can never become a message
   */
  @Nullable Slice next() {
    byte[] bytes = buffer;
    int i = scanned;
    for (; i < end; i++) {
      byte b = bytes[i];
      if (b == RESET && resettable) {
        start = i + 1;
        skipping = false;
        depth = 0;
        inString = false;
        escaped = false;
        lineStart = false;
      } else if (skipping) {
        start = i + 1;
      } else if (inString) {
        if (escaped) {
          escaped = false;
        } else if (b == '\\') {
          escaped = true;
        } else if (b == '"') {
          inString = false;
        } else if (b == '\n') {
          throw broken("a line break inside a string");
        }
      } else if (depth == 0) {
        if (b == '{') {
          start = i;
          depth = 1;
        } else if (!isSpace(b)) {
          start = i;
          throw broken("something that is not a JSON object");
        } else {
          start = i + 1;
        }
      } else {
        if (lineStart && b != '}' && b != ']' && !isSpace(b)) {
          throw broken("a message that broke off");
        }
        lineStart = b == '\n';
        if (b == '"') {
          inString = true;
        } else if (b == '{' || b == '[') {
          depth++;
        } else if (b == '}' || b == ']') {
          depth--;
          if (depth == 0) {
            Slice slice = new Slice(start, i + 1 - start);
            checkLimit(slice.length());
            start = i + 1;
            scanned = start;
            return slice;
          }
        }
      }
    }
    scanned = i;
    checkLimit(end - start);
    return null;
  }

  /** Where the slices are; valid until the next {@link #append}. */
  byte[] bytes() {
    return buffer;
  }

  /** Whether a message has begun and not ended. */
  boolean isInside() {
    return depth > 0;
  }

  private void checkLimit(int length) {
    if (length > limit) {
      throw broken("a message of more than " + limit + " bytes");
    }
  }

  private QmpProtocolException broken(String what) {
    int length = Math.min(200, end - start);
    String received =
        new String(Arrays.copyOfRange(buffer, start, start + length), StandardCharsets.UTF_8);
    return new QmpProtocolException("the peer sent " + what, received, null);
  }

  private static boolean isSpace(byte b) {
    return b == ' ' || b == '\n' || b == '\r' || b == '\t';
  }

  /** A message in the buffer. */
  record Slice(int offset, int length) {}
}
