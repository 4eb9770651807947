package io.katajava.internal.net;

import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Whether the guest listens at a port. The handshake is begun and taken back before it is complete:
 * the guest's kernel answers, and the program that listens is not told.
 */
final class ListenerProbe {
  private static final long RETRY = TimeUnit.MILLISECONDS.toNanos(500);
  private static final long LIMIT = TimeUnit.SECONDS.toNanos(3);

  private final TcpStack stack;
  private final GuestFrames frames;
  private final TcpEndpoints endpoints;
  private final Consumer<Boolean> told;
  private final int sequence;
  private final long begun = System.nanoTime();
  private long retryAt;

  ListenerProbe(
      TcpStack stack, GuestFrames frames, TcpEndpoints endpoints, Consumer<Boolean> told) {
    this.stack = stack;
    this.frames = frames;
    this.endpoints = endpoints;
    this.told = told;
    this.sequence = stack.initialSequence();
  }

  TcpEndpoints endpoints() {
    return endpoints;
  }

  void ask() {
    send(Packets.SYN, sequence);
    retryAt = System.nanoTime() + RETRY;
  }

  private void send(int flags, int number) {
    ByteBuffer to =
        frames.begin(
            Packets.PROTOCOL_TCP, endpoints.address(), endpoints.guestAddress(), Packets.TCP);
    if (to != null) {
      TcpSegment.Header header = new TcpSegment.Header(endpoints, flags, number, 0, 0);
      TcpSegment.write(to, header, -1, -1, null, 0, 0);
    }
  }

  void answered(TcpSegment in) {
    if (!in.has(Packets.ACK) || in.acknowledgment != sequence + 1) {
      return;
    }
    if (in.has(Packets.RST)) {
      end(false);
    } else if (in.has(Packets.SYN)) {
      send(Packets.RST, sequence + 1);
      end(true);
    }
  }

  void tick(long now) {
    if (now - begun > LIMIT) {
      giveUp();
    } else if (now - retryAt >= 0) {
      ask();
    }
  }

  void giveUp() {
    end(false);
  }

  private void end(boolean listens) {
    stack.forget(this);
    told.accept(listens);
  }
}
