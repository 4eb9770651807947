package io.katajava.internal.net;

import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * A name in a message. Labels hold any bytes; in its text, those that are no letter, digit, hyphen
 * or underscore are {@code \} and three digits (RFC 1035, 5.1), so that a dot is always between
 * labels and the text can be printed.
 *
 * @param text in lower case, without the final dot
 * @param plain whether it is a host's name, as people and resolvers write them
 * @param end where it ends in the message
 */
record DnsName(String text, boolean plain, int end) {
  private static final int LONGEST_LABEL = 63;

  /** Of all labels and their lengths. */
  private static final int LONGEST = 255;

  private static final int POINTER = 0xc0;

  /** Reads the name at a place of the message, which begins at 0. Pointers lead backwards only. */
  static Optional<DnsName> read(ByteBuffer message, int from) {
    return read(message, from, true);
  }

  /** The same of a name that is first in the message, where there is nothing to point at. */
  static Optional<DnsName> readFirst(ByteBuffer message, int from) {
    return read(message, from, false);
  }

  private static Optional<DnsName> read(ByteBuffer message, int from, boolean pointers) {
    StringBuilder text = new StringBuilder();
    boolean plain = true;
    int bytes = 0;
    int end = -1;
    int at = from;
    int earliest = from;
    while (at < message.limit()) {
      int length = message.get(at) & 0xff;
      if (length >= POINTER) {
        if (!pointers || at + 1 >= message.limit()) {
          return Optional.empty();
        }
        int to = (length - POINTER) << 8 | (message.get(at + 1) & 0xff);
        end = end < 0 ? at + 2 : end;
        if (to >= earliest) {
          return Optional.empty();
        }
        earliest = to;
        at = to;
        continue;
      }
      at++;
      if (length == 0) {
        return Optional.of(new DnsName(text.toString(), plain, end < 0 ? at : end));
      }
      bytes += 1 + length;
      if (length > LONGEST_LABEL || message.limit() - at < length || bytes >= LONGEST) {
        return Optional.empty();
      }
      if (text.length() > 0) {
        text.append('.');
      }
      for (int i = 0; i < length; i++) {
        plain &= write(text, message.get(at + i) & 0xff);
      }
      at += length;
    }
    return Optional.empty();
  }

  /** Returns false for what is escaped. */
  private static boolean write(StringBuilder text, int b) {
    if ((b >= 'a' && b <= 'z') || (b >= '0' && b <= '9') || b == '-' || b == '_') {
      text.append((char) b);
    } else if (b >= 'A' && b <= 'Z') {
      text.append((char) (b + ('a' - 'A')));
    } else {
      text.append('\\').append((char) ('0' + b / 100));
      text.append((char) ('0' + b / 10 % 10)).append((char) ('0' + b % 10));
      return false;
    }
    return true;
  }

  /** Where the name at that place ends, without reading it; below 0 when it does not. */
  static int end(ByteBuffer message, int from) {
    int at = from;
    while (at < message.limit()) {
      int length = message.get(at) & 0xff;
      if (length >= POINTER) {
        return at + 2;
      } else if (length == 0) {
        return at + 1;
      }
      at += 1 + length;
    }
    return -1;
  }
}
