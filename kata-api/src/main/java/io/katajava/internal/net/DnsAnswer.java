package io.katajava.internal.net;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What a server answered (RFC 1035); of a damaged answer what could be read.
 *
 * @param code whether it could say; see {@link DnsMessage}
 * @param addresses the addresses in it
 * @param names the names that have them or lead there, as {@link DnsName} writes them
 * @param seconds how long all of that holds; 0 when it says nothing
 */
record DnsAnswer(int code, List<Ip> addresses, Set<String> names, int seconds) {
  private static final int HEADER = 12;
  private static final int TYPE_CNAME = 5;
  private static final int TYPE_DNAME = 39;
  private static final int CLASS_INTERNET = 1;

  /** What follows a record's name up to its data. */
  private static final int RECORD = 10;

  static DnsAnswer read(ByteBuffer answer) {
    List<Ip> addresses = new ArrayList<>();
    Set<String> names = new LinkedHashSet<>();
    int seconds = Integer.MAX_VALUE;
    if (answer.remaining() < HEADER) {
      return new DnsAnswer(DnsMessage.SERVER_FAILURE, addresses, names, 0);
    }
    ByteBuffer message = answer.slice();
    int code = message.get(3) & 15;
    int questions = message.getShort(4) & 0xffff;
    int answers = message.getShort(6) & 0xffff;
    int at = HEADER;
    for (int i = 0; i < questions && at >= 0; i++) {
      at = DnsName.end(message, at);
      at = at < 0 ? at : at + 4;
    }
    for (int i = 0; i < answers && at >= 0; i++) {
      int owner = at;
      at = DnsName.end(message, at);
      if (at < 0 || message.limit() - at < RECORD) {
        break;
      }
      int type = message.getShort(at) & 0xffff;
      int kind = message.getShort(at + 2) & 0xffff;
      int holds = message.getInt(at + 4);
      int length = message.getShort(at + 8) & 0xffff;
      at += RECORD;
      if (message.limit() - at < length) {
        break;
      }
      if (kind == CLASS_INTERNET) {
        boolean told = true;
        if (type == DnsMessage.TYPE_A && length == 4) {
          addresses.add(Ip.readV4(message, at));
        } else if (type == DnsMessage.TYPE_AAAA && length == 16) {
          addresses.add(Ip.readV6(message, at));
        } else if (type == TYPE_CNAME || type == TYPE_DNAME) {
          DnsName.read(message, at).ifPresent(name -> names.add(name.text()));
        } else {
          told = false;
        }
        if (told) {
          DnsName.read(message, owner).ifPresent(name -> names.add(name.text()));
          seconds = Math.min(seconds, Math.max(0, holds));
        }
      }
      at += length;
    }
    return new DnsAnswer(code, addresses, names, seconds == Integer.MAX_VALUE ? 0 : seconds);
  }

  /** Whether another server may know better (what resolvers take for it, too). */
  static boolean isFailure(int code) {
    return code == DnsMessage.SERVER_FAILURE
        || code == DnsMessage.NOT_IMPLEMENTED
        || code == DnsMessage.REFUSED;
  }
}
