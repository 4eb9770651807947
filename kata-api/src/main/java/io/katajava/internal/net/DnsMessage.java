package io.katajava.internal.net;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A question to a name server and its answers (RFC 1035). What cannot be read is no question.
 *
 * @param id the asker's number
 * @param name the name in lower case, without the final dot, as {@link DnsName} writes it
 * @param plain whether that is a host's name
 * @param type the record's type
 * @param kind the record's class
 * @param questionEnd where the question ends in the message
 * @param datagramLimit the longest answer the asker takes in a datagram, in bytes (RFC 6891)
 */
record DnsMessage(
    int id, String name, boolean plain, int type, int kind, int questionEnd, int datagramLimit) {
  static final int TYPE_A = 1;
  static final int TYPE_AAAA = 28;

  static final int OK = 0;
  static final int FORMAT_ERROR = 1;
  static final int SERVER_FAILURE = 2;
  static final int NO_SUCH_NAME = 3;
  static final int NOT_IMPLEMENTED = 4;
  static final int REFUSED = 5;

  /** What everybody takes in a datagram. */
  static final int USUAL_LIMIT = 512;

  private static final int TYPE_OPT = 41;
  private static final int HEADER = 12;
  private static final int CLASS_INTERNET = 1;
  private static final int RESPONSE = 0x8000;
  private static final int OPERATION = 0x7800;
  private static final int RECURSION_DESIRED = 0x0100;
  private static final int RECURSION = 0x0180;
  private static final int TRUNCATED = 0x0200;
  private static final int POINTER = 0xc0;

  /** What precedes the address in a record whose name is a pointer. */
  private static final int RECORD = 12;

  /** Reads a question; the buffer's content is the whole message. */
  static Optional<DnsMessage> question(ByteBuffer whole) {
    ByteBuffer message = whole.slice();
    if (message.remaining() < HEADER
        || (message.getShort(2) & (RESPONSE | OPERATION)) != 0
        || message.getShort(4) != 1) {
      return Optional.empty();
    }
    Optional<DnsName> read = DnsName.readFirst(message, HEADER);
    if (read.isEmpty() || message.limit() - read.get().end() < 4) {
      return Optional.empty();
    }
    DnsName name = read.get();
    int at = name.end();
    return Optional.of(
        new DnsMessage(
            message.getShort(0) & 0xffff,
            name.text(),
            name.plain(),
            message.getShort(at) & 0xffff,
            message.getShort(at + 2) & 0xffff,
            at + 4,
            datagramLimit(message, 0, at + 4)));
  }

  /** The answer to what is no question: why not. Null for what is not even a request. */
  static @Nullable ByteBuffer complaint(ByteBuffer whole) {
    ByteBuffer message = whole.slice();
    if (message.remaining() < HEADER || (message.getShort(2) & RESPONSE) != 0) {
      return null;
    }
    int flags = message.getShort(2);
    int code = (flags & OPERATION) != 0 ? NOT_IMPLEMENTED : FORMAT_ERROR;
    ByteBuffer to = ByteBuffer.allocate(HEADER);
    to.putShort(message.getShort(0));
    to.putShort((short) (RESPONSE | (flags & (OPERATION | RECURSION_DESIRED)) | code));
    return to.position(HEADER).flip();
  }

  /** The whole question for the addresses of a plain name. */
  static ByteBuffer ask(int id, String name, int type) {
    ByteBuffer to = ByteBuffer.allocate(HEADER + name.length() + 2 + 4);
    to.putShort((short) id).putShort((short) RECURSION_DESIRED).putShort((short) 1);
    to.putShort((short) 0).putInt(0);
    for (String label : name.split("\\.", -1)) {
      to.put((byte) label.length()).put(label.getBytes(StandardCharsets.US_ASCII));
    }
    to.put((byte) 0).putShort((short) type).putShort((short) CLASS_INTERNET);
    return to.flip();
  }

  /** Whether the host's resolver can be asked for it. */
  boolean isForAHost() {
    return plain && !name.isEmpty() && kind == CLASS_INTERNET;
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
    return DnsAnswer.read(answer).addresses();
  }
}
