package io.katajava.transport;

import static io.katajava.transport.SocketCalls.C;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes a connected socket by its descriptor.
 *
 * <p>Trap: close(2) does not wake a thread that is blocked on the descriptor, and the number may be
 * given to another file at once. So closing shuts the socket down, which wakes everyone, and the
 * last thread to leave closes the descriptor.
 */
final class DescriptorStream {
  private static final int CLOSED = 1 << 30;
  private static final int BUFFER_SIZE = 64 * 1024;

  private final int fd;
  private final String description;

  /** Threads inside a system call, plus {@link #CLOSED}. */
  private final AtomicInteger users = new AtomicInteger();

  private final ReentrantLock writeLock = new ReentrantLock();

  /** For heap buffers; made when first needed, because the fast path needs neither. */
  private @Nullable ByteBuffer writeBuffer;

  private @Nullable ByteBuffer readBuffer;

  /** A {@code struct pollfd}: descriptor, wanted events, returned events. */
  private @Nullable ByteBuffer pollBuffer;

  DescriptorStream(int fd, String description) {
    this.fd = fd;
    this.description = description;
  }

  int fd() {
    return fd;
  }

  int read(ByteBuffer destination) throws IOException {
    enter();
    try {
      if (destination.isDirect()) {
        return receive(destination);
      }
      ByteBuffer copy = readBuffer;
      if (copy == null) {
        copy = ByteBuffer.allocateDirect(BUFFER_SIZE);
        readBuffer = copy;
      }
      copy.clear().limit(Math.min(BUFFER_SIZE, destination.remaining()));
      int count = receive(copy);
      destination.put(copy.flip());
      return count;
    } finally {
      leave();
    }
  }

  boolean awaitReadable(int millis) throws IOException {
    enter();
    try {
      ByteBuffer poll = pollBuffer;
      if (poll == null) {
        poll = ByteBuffer.allocateDirect(8).order(ByteOrder.nativeOrder());
        pollBuffer = poll;
      }
      poll.putInt(0, fd).putShort(4, SocketCalls.POLLIN).putShort(6, (short) 0);
      int ready = C.poll(poll, 1, millis);
      int errno = ready < 0 ? SocketCalls.errno() : 0;
      if (isClosed()) {
        throw new ConnectionClosedException(description);
      }
      if (errno != 0 && errno != SocketCalls.EINTR) {
        throw SocketCalls.failure("waiting for " + description, errno);
      }
      return ready > 0;
    } finally {
      leave();
    }
  }

  private int receive(ByteBuffer direct) throws IOException {
    if (!direct.hasRemaining()) {
      throw new IllegalArgumentException("no room in the buffer to read into");
    }
    while (true) {
      long count = C.recv(fd, direct, direct.remaining(), 0);
      if (count > 0) {
        direct.position(direct.position() + (int) count);
        return (int) count;
      }
      int errno = count < 0 ? SocketCalls.errno() : 0;
      if (isClosed()) {
        throw new ConnectionClosedException(description);
      }
      if (count == 0 || errno == SocketCalls.ECONNRESET) {
        return -1;
      }
      if (errno != SocketCalls.EINTR) {
        throw SocketCalls.failure("reading from " + description, errno);
      }
    }
  }

  void write(ByteBuffer... sources) throws IOException {
    writeLock.lock();
    try {
      enter();
      try {
        if (sources.length == 1 && sources[0].isDirect()) {
          send(sources[0], 0);
          return;
        }
        ByteBuffer gathered = writeBuffer().clear();
        for (ByteBuffer source : sources) {
          if (source.isDirect() && source.remaining() > gathered.remaining()) {
            flush(gathered);
            send(source, 0);
          } else {
            append(source, gathered);
          }
        }
        flush(gathered);
      } finally {
        leave();
      }
    } finally {
      writeLock.unlock();
    }
  }

  int writeAvailable(ByteBuffer source) throws IOException {
    writeLock.lock();
    try {
      enter();
      try {
        int start = source.position();
        if (source.isDirect()) {
          send(source, SocketCalls.MSG_DONTWAIT);
          return source.position() - start;
        }
        ByteBuffer copy = writeBuffer();
        while (source.hasRemaining()) {
          int length = Math.min(BUFFER_SIZE, source.remaining());
          copy.clear().put(source.duplicate().limit(source.position() + length)).flip();
          send(copy, SocketCalls.MSG_DONTWAIT);
          source.position(source.position() + copy.position());
          if (copy.hasRemaining()) {
            break;
          }
        }
        return source.position() - start;
      } finally {
        leave();
      }
    } finally {
      writeLock.unlock();
    }
  }

  private ByteBuffer writeBuffer() {
    if (writeBuffer == null) {
      writeBuffer = ByteBuffer.allocateDirect(BUFFER_SIZE);
    }
    return writeBuffer;
  }

  private void append(ByteBuffer source, ByteBuffer gathered) throws IOException {
    while (source.hasRemaining()) {
      if (!gathered.hasRemaining()) {
        flush(gathered);
      }
      int limit = source.limit();
      source.limit(source.position() + Math.min(gathered.remaining(), source.remaining()));
      gathered.put(source);
      source.limit(limit);
    }
  }

  private void flush(ByteBuffer gathered) throws IOException {
    send(gathered.flip(), 0);
    gathered.clear();
  }

  /** Sends all of the buffer, or with MSG_DONTWAIT as much as the system takes. */
  private void send(ByteBuffer direct, int flags) throws IOException {
    while (direct.hasRemaining()) {
      long count = C.send(fd, direct, direct.remaining(), flags | SocketCalls.MSG_NOSIGNAL);
      if (count >= 0) {
        direct.position(direct.position() + (int) count);
        continue;
      }
      int errno = SocketCalls.errno();
      if (isClosed()) {
        throw new ConnectionClosedException(description);
      }
      if (errno == SocketCalls.EAGAIN && flags != 0) {
        return;
      }
      if (errno != SocketCalls.EINTR) {
        throw SocketCalls.failure("writing to " + description, errno);
      }
    }
  }

  /** Runs a system call of the caller while the descriptor cannot be closed, one at a time. */
  <T> T use(DescriptorCall<T> call) throws IOException {
    writeLock.lock();
    try {
      enter();
      try {
        return call.apply(fd);
      } finally {
        leave();
      }
    } finally {
      writeLock.unlock();
    }
  }

  /** A system call on a descriptor. */
  interface DescriptorCall<T> {
    T apply(int fd) throws IOException;
  }

  void close() {
    int before = users.getAndUpdate(n -> (n & CLOSED) == 0 ? (n | CLOSED) + 1 : n);
    if ((before & CLOSED) != 0) {
      return;
    }
    // Fails when the peer is gone already; then nobody is blocked either.
    C.shutdown(fd, SocketCalls.SHUT_RDWR);
    leave();
  }

  private boolean isClosed() {
    return (users.get() & CLOSED) != 0;
  }

  private void enter() throws ConnectionClosedException {
    int count;
    do {
      count = users.get();
      if ((count & CLOSED) != 0) {
        throw new ConnectionClosedException(description);
      }
    } while (!users.compareAndSet(count, count + 1));
  }

  private void leave() {
    if (users.decrementAndGet() == CLOSED) {
      C.close(fd);
    }
  }
}
