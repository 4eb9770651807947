package io.katajava.internal.net;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A question to a name server and its answers (RFC 1035). What cannot be read is no question.
 *
 * @param id the asker's number
 * @param name the name in lower case, without the final dot
 * @param type the record's type
 * @param questionEnd where the question ends in the message
 * @param datagramLimit the longest answer the asker takes in a datagram, in bytes (RFC 6891)
 */
record DnsMessage(int id, String name, int type, int questionEnd, int datagramLimit) {
  static final int TYPE_A = 1;
  static final int TYPE_AAAA = 28;

  static final int OK = 0;
  static final int SERVER_FAILURE = 2;
  static final int NO_SUCH_NAME = 3;
  static final int REFUSED = 5;

  /** What everybody takes in a datagram. */
  static final int USUAL_LIMIT = 512;

  private static final int TYPE_OPT = 41;
  private static final int HEADER = 12;
  private static final int LONGEST_NAME = 255;
  private static final int RESPONSE = 0x8000;
  private static final int RECURSION = 0x0180;
  private static final int TRUNCATED = 0x0200;
  private static final int POINTER = 0xc0;

  /** What precedes the address in a record whose name is a pointer. */
  private static final int RECORD = 12;

  /** Reads a question; the buffer's content is the whole message. */
  static Optional<DnsMessage> question(ByteBuffer message) {
    if (message.remaining() < HEADER) {
      return Optional.empty();
    }
    int start = message.position();
    int flags = message.getShort(start + 2) & 0xffff;
    if ((flags & 0xf800) != 0 || message.getShort(start + 4) != 1) {
      return Optional.empty();
    }
    StringBuilder name = new StringBuilder();
    int at = start + HEADER;
    while (at < message.limit()) {
      int length = message.get(at) & 0xff;
      at++;
      if (length == 0) {
        if (message.limit() - at < 4) {
          return Optional.empty();
        }
        return Optional.of(
            new DnsMessage(
                message.getShort(start) & 0xffff,
                name.toString(),
                message.getShort(at) & 0xffff,
                at + 4 - start,
                datagramLimit(message, start, at + 4)));
      }
      if (length >= 64 || message.limit() - at < length || name.length() > LONGEST_NAME) {
        return Optional.empty();
      }
      byte[] label = new byte[length];
      message.duplicate().position(at).get(label);
      String text = new String(label, StandardCharsets.ISO_8859_1);
      // A dot inside a label would make another name of it.
      if (text.indexOf('.') >= 0 || !text.chars().allMatch(c -> c > 32 && c < 127)) {
        return Optional.empty();
      }
      name.append(name.length() == 0 ? "" : ".").append(text.toLowerCase(Locale.ROOT));
      at += length;
    }
    return Optional.empty();
  }

  /** Askers say what they take in the first additional record, whose name is the root. */
  private static int datagramLimit(ByteBuffer message, int start, int at) {
    boolean only = message.getInt(start + 6) == 0 && message.getShort(start + 10) != 0;
    boolean told =
        only
            && message.limit() - at >= 11
            && message.get(at) == 0
            && message.getShort(at + 1) == TYPE_OPT;
    return told ? Math.max(USUAL_LIMIT, message.getShort(at + 3) & 0xffff) : USUAL_LIMIT;
  }

  /** Answers it, with as many of the addresses as fit; one that lacks some says so. */
  ByteBuffer answer(
      ByteBuffer question, int code, List<Ip> addresses, int secondsToLive, int longest) {
    int room = longest - questionEnd;
    int size = RECORD + (type == TYPE_AAAA ? 16 : 4);
    List<Ip> some = addresses.subList(0, Math.min(Math.max(room, 0) / size, addresses.size()));
    int flags = some.size() < addresses.size() ? TRUNCATED : 0;
    ByteBuffer to = head(question, code | flags, size * some.size());
    to.putShort(6, (short) some.size());
    for (Ip address : some) {
      to.putShort((short) (POINTER << 8 | HEADER));
      to.putShort((short) type).putShort((short) 1);
      to.putInt(secondsToLive);
      to.putShort((short) (address.bits() / 8));
      address.write(to);
    }
    return to.flip();
  }

  /** In place of an answer that is too long: ask by a stream. */
  ByteBuffer truncated(ByteBuffer question) {
    return head(question, OK | TRUNCATED, 0).flip();
  }

  private ByteBuffer head(ByteBuffer question, int flags, int more) {
    ByteBuffer to = ByteBuffer.allocate(questionEnd + more);
    to.put(question.slice(question.position(), questionEnd));
    to.putShort(2, (short) (RESPONSE | RECURSION | flags));
    to.putShort(6, (short) 0);
    to.putInt(8, 0);
    return to;
  }

  /** Whether an answer says that it lacks something; there is a whole header. */
  static boolean isTruncated(ByteBuffer answer) {
    return (answer.getShort(answer.position() + 2) & TRUNCATED) != 0;
  }

  /** The addresses in a server's answer; those of a damaged one are as many as could be read. */
  static List<Ip> addresses(ByteBuffer answer) {
    List<Ip> addresses = new ArrayList<>();
    if (answer.remaining() < HEADER) {
      return addresses;
    }
    ByteBuffer message = answer.slice();
    int questions = message.getShort(4) & 0xffff;
    int answers = message.getShort(6) & 0xffff;
    int at = HEADER;
    for (int i = 0; i < questions && at >= 0; i++) {
      at = afterName(message, at);
      at = at < 0 ? at : at + 4;
    }
    for (int i = 0; i < answers && at >= 0; i++) {
      at = afterName(message, at);
      if (at < 0 || message.limit() - at < 10) {
        break;
      }
      int type = message.getShort(at) & 0xffff;
      int length = message.getShort(at + 8) & 0xffff;
      at += 10;
      if (message.limit() - at < length) {
        break;
      }
      if (type == TYPE_A && length == 4) {
        addresses.add(Ip.readV4(message, at));
      } else if (type == TYPE_AAAA && length == 16) {
        addresses.add(Ip.readV6(message, at));
      }
      at += length;
    }
    return addresses;
  }

  private static int afterName(ByteBuffer message, int from) {
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
