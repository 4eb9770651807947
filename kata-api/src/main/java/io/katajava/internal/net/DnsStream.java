package io.katajava.internal.net;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The name server's end of a TCP connection: questions and answers, each behind its length in two
 * bytes (RFC 7766). Answers go back as they come, in any order. What is no question ends it, and is
 * answered where it says whose it is.
 */
final class DnsStream implements FarEnd {
  /** The longest question that is read; a name and a few options are some 300 bytes. */
  static final int LONGEST_QUESTION = 4096;

  /** Unanswered questions; no more is read until one is answered. */
  static final int MOST_PENDING = 16;

  private static final int PREFIX = 2;
  private static final long IDLE = TimeUnit.SECONDS.toNanos(30);

  private final DnsProxy proxy;
  private final Executor loop;
  private final ByteBuffer in = ByteBuffer.allocate(PREFIX + LONGEST_QUESTION);
  private final Queue<ByteBuffer> out = new ArrayDeque<>();
  private Channels.@Nullable Handler handler;
  private long used = System.nanoTime();
  private int pending;
  private boolean reads;
  private boolean writes;
  private boolean ended;
  private boolean closed;
  private boolean telling;

  DnsStream(DnsProxy proxy, Executor loop) {
    this.proxy = proxy;
    this.loop = loop;
  }

  @Override
  public void watch(Channels channels, Channels.Handler told) {
    handler = told;
  }

  @Override
  public boolean isConnected() {
    return true;
  }

  @Override
  public boolean finishConnect() {
    return true;
  }

  @Override
  public void interest(boolean read, boolean write) {
    reads = read;
    writes = write;
    tell();
  }

  @Override
  public boolean isReadable() {
    return !out.isEmpty() || (ended && pending == 0);
  }

  @Override
  public boolean isWritable() {
    return ended || pending < MOST_PENDING;
  }

  /** Later: whoever changed something here may be in the middle of something. */
  private void tell() {
    if (!telling && ((reads && isReadable()) || (writes && isWritable()))) {
      telling = true;
      loop.execute(
          () -> {
            telling = false;
            Channels.Handler told = handler;
            if (!closed && told != null) {
              told.ready();
            }
          });
    }
  }

  @Override
  public int write(ByteBuffer from) {
    int before = from.remaining();
    while (from.hasRemaining() && isWritable()) {
      if (ended) {
        from.position(from.limit());
        break;
      }
      int wanted = in.position() < PREFIX ? PREFIX : PREFIX + length();
      int taken = Math.min(wanted - in.position(), from.remaining());
      int limit = from.limit();
      in.put(from.limit(from.position() + taken));
      from.limit(limit);
      if (in.position() < wanted) {
        continue;
      }
      if (length() > LONGEST_QUESTION) {
        end();
      } else if (wanted == PREFIX + length()) {
        question();
      }
    }
    return before - from.remaining();
  }

  private int length() {
    return in.getShort(0) & 0xffff;
  }

  private void question() {
    ByteBuffer message = ByteBuffer.allocate(length()).put(in.flip().position(PREFIX)).flip();
    in.clear();
    used = System.nanoTime();
    pending++;
    switch (proxy.streamed(message, this::answered)) {
      case TAKEN -> {}
      case LAST -> end();
      case NONE -> {
        pending--;
        end();
      }
    }
  }

  private void answered(ByteBuffer answer) {
    pending--;
    used = System.nanoTime();
    if (!closed) {
      ByteBuffer framed = ByteBuffer.allocate(PREFIX + answer.remaining());
      framed.putShort((short) answer.remaining()).put(answer);
      out.add(framed.flip());
      tell();
    }
  }

  @Override
  public int read(ByteBuffer to) {
    int count = 0;
    while (to.hasRemaining() && !out.isEmpty()) {
      ByteBuffer answer = out.element();
      int length = Math.min(answer.remaining(), to.remaining());
      int limit = answer.limit();
      to.put(answer.limit(answer.position() + length));
      answer.limit(limit);
      count += length;
      if (!answer.hasRemaining()) {
        out.remove();
      }
    }
    return count == 0 && ended && pending == 0 ? -1 : count;
  }

  /** No more questions; what was asked is answered still. */
  private void end() {
    ended = true;
    tell();
  }

  /** Ends it when nothing was asked for long. */
  void tick(long now) {
    if (!ended && pending == 0 && out.isEmpty() && now - used > IDLE) {
      end();
    }
  }

  @Override
  public void shutdownOutput() {
    end();
  }

  @Override
  public void reset() {
    close();
  }

  @Override
  public boolean isOpen() {
    return !closed;
  }

  @Override
  public void close() {
    closed = true;
    out.clear();
    proxy.forget(this);
  }
}
