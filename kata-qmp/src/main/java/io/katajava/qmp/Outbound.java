package io.katajava.qmp;

import io.katajava.base.threads.OwnedThreads;
import io.katajava.transport.Connection;
import io.katajava.transport.UnixSocketConnection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Sends without ever making the caller wait: what the socket does not take at once, and what
 * carries descriptors, is left to a thread of its own. That thread is started when first needed.
 */
final class Outbound {
  /** What may wait for a peer that does not read. */
  private static final int MAX_WAITING_BYTES = 64 << 20;

  private final Connection connection;
  private final String threadName;
  private final Consumer<IOException> onFailure;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<Message> waiting = new ArrayDeque<>();
  private long waitingBytes;
  private boolean writing;
  private boolean started;
  private boolean closed;

  private static final class Message {
    final ByteBuffer data;
    final int[] descriptors;

    Message(ByteBuffer data, int[] descriptors) {
      this.data = data;
      this.descriptors = descriptors;
    }
  }

  Outbound(Connection connection, String threadName, Consumer<IOException> onFailure) {
    this.connection = connection;
    this.threadName = threadName;
    this.onFailure = onFailure;
  }

  void send(byte[] message, int... descriptors) throws IOException {
    lock.lock();
    try {
      ByteBuffer data = ByteBuffer.wrap(message);
      // Before any of it is written: half a message would spoil all that follow.
      if (waitingBytes + message.length > MAX_WAITING_BYTES) {
        throw new IOException(refusal(message.length));
      }
      if (waiting.isEmpty() && !writing && descriptors.length == 0) {
        connection.writeAvailable(data);
        if (!data.hasRemaining()) {
          return;
        }
      }
      waiting.add(new Message(data, descriptors));
      waitingBytes += data.remaining();
      startWriter();
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  private String refusal(int length) {
    return waitingBytes == 0
        ? "it has " + length + " bytes, more than the " + MAX_WAITING_BYTES + " that may wait"
        : "the peer does not read: " + waitingBytes + " bytes are waiting for it already";
  }

  private void startWriter() {
    if (!started && !closed) {
      started = true;
      OwnedThreads.start(
          threadName, this::write, problem -> onFailure.accept(new IOException(problem)));
    }
  }

  private void write() {
    try {
      while (true) {
        Message message = take();
        if (message == null) {
          return;
        }
        int length = message.data.remaining();
        if (message.descriptors.length == 0) {
          connection.write(message.data);
        } else {
          ((UnixSocketConnection) connection)
              .sendWithDescriptors(message.data, message.descriptors);
        }
        written(length);
      }
    } catch (IOException e) {
      onFailure.accept(e);
    }
  }

  private @Nullable Message take() {
    lock.lock();
    try {
      while (waiting.isEmpty() && !closed) {
        changed.awaitUninterruptibly();
      }
      writing = !closed;
      return closed ? null : waiting.poll();
    } finally {
      lock.unlock();
    }
  }

  private void written(int length) {
    lock.lock();
    try {
      waitingBytes -= length;
      writing = false;
    } finally {
      lock.unlock();
    }
  }

  /** Ends the thread. The connection is closed by its owner. */
  void close() {
    lock.lock();
    try {
      closed = true;
      waiting.clear();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
