package io.katajava.internal.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.internal.net.FakeGuestLink.Packet;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** The guest's end of one TCP connection; what else comes meanwhile is dropped. */
final class FakeStream {
  private static final byte[] NOTHING = {};
  private static final int SEGMENT = 1000;

  private final FakeGuestLink guest;
  private final Ip to;
  private final int from;
  private final int port;
  private final ByteArrayOutputStream received = new ByteArrayOutputStream();
  private int mine = 1000;
  private int theirs;
  private boolean ended;

  /** Connects. */
  FakeStream(FakeGuestLink guest, Ip to, int from, int port) throws Exception {
    this.guest = guest;
    this.to = to;
    this.from = from;
    this.port = port;
    guest.tcp(to, from, port, Packets.SYN, mine, 0, NOTHING);
    Packet answer = guest.next(Packets.SYN | Packets.ACK);
    assertThat(answer.from()).isEqualTo(to);
    mine++;
    theirs = answer.sequence() + 1;
    send(Packets.ACK, NOTHING);
  }

  private void send(int flags, byte[] data) throws Exception {
    guest.tcp(to, from, port, flags, mine, theirs, data);
  }

  void write(byte[] data) throws Exception {
    for (int at = 0; at < data.length; at += SEGMENT) {
      byte[] part = Arrays.copyOfRange(data, at, Math.min(at + SEGMENT, data.length));
      send(Packets.ACK | Packets.PSH, part);
      mine += part.length;
    }
  }

  void shutdown() throws Exception {
    send(Packets.ACK | Packets.FIN, NOTHING);
    mine++;
  }

  /** The next bytes; they are acknowledged. */
  byte[] read(int count) throws Exception {
    while (received.size() < count) {
      assertThat(ended).as("the end, after %s of %s bytes", received.size(), count).isFalse();
      take();
    }
    byte[] all = received.toByteArray();
    received.reset();
    received.write(all, count, all.length - count);
    return Arrays.copyOf(all, count);
  }

  /** The next message that has its length before it. */
  ByteBuffer message() throws Exception {
    return ByteBuffer.wrap(read(ByteBuffer.wrap(read(2)).getShort() & 0xffff));
  }

  /** Waits until nothing more comes. */
  void awaitEnd() throws Exception {
    while (!ended) {
      take();
    }
  }

  private void take() throws Exception {
    Packet packet = guest.next();
    if (packet.protocol() != Packets.PROTOCOL_TCP || packet.guestPort() != from) {
      return;
    }
    if ((packet.flags() & Packets.RST) != 0) {
      ended = true;
    } else if (packet.sequence() == theirs) {
      byte[] data = packet.data();
      received.writeBytes(data);
      theirs += data.length;
      if ((packet.flags() & Packets.FIN) != 0) {
        theirs++;
        ended = true;
      }
      if (data.length > 0 || ended) {
        send(Packets.ACK, NOTHING);
      }
    }
  }
}
