package io.katajava.transport;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;

/** A listening unix stream socket. It owns its path: closing deletes it. */
public final class UnixSocketListener implements AutoCloseable {
  private static final int BACKLOG = 128;

  private final Path path;
  private final int fd;
  private final AtomicBoolean closed = new AtomicBoolean();

  /** Held by the accepting thread, so that the descriptor outlives its system call. */
  private final ReentrantLock acceptLock = new ReentrantLock();

  private UnixSocketListener(Path path, int fd) {
    this.path = path;
    this.fd = fd;
  }

  /**
   * Binds and listens.
   *
   * @param path where to create the socket; must not exist, at most {@value
   *     UnixSocketConnection#MAX_PATH_BYTES} bytes
   * @return the listener
   * @throws IllegalArgumentException if the path is too long
   * @throws IOException if the socket cannot be created there
   */
  public static UnixSocketListener listen(Path path) throws IOException {
    return new UnixSocketListener(path, UnixSockets.listen(path, BACKLOG));
  }

  /**
   * Waits for the next connection.
   *
   * @return the connection, to be closed by the caller
   * @throws ConnectionClosedException if the listener was closed, before or meanwhile
   * @throws IOException if the system refused
   */
  public UnixSocketConnection accept() throws IOException {
    acceptLock.lock();
    try {
      if (closed.get()) {
        throw new ConnectionClosedException(describe());
      }
      int accepted = UnixSockets.accept(fd);
      if (accepted >= 0) {
        return UnixSocketConnection.accepted(accepted, path);
      }
      // EINVAL of a listener that was shut down.
      if (closed.get()) {
        throw new ConnectionClosedException(describe());
      }
      throw SocketCalls.failure("accepting on " + path, -accepted);
    } finally {
      acceptLock.unlock();
    }
  }

  /**
   * Returns the path it listens on.
   *
   * @return the path given to {@link #listen}
   */
  public Path path() {
    return path;
  }

  /** Wakes a thread in {@link #accept}, closes the socket and deletes its path. */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    SocketCalls.C.shutdown(fd, SocketCalls.SHUT_RDWR);
    acceptLock.lock();
    try {
      SocketCalls.C.close(fd);
      Files.deleteIfExists(path);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException("deleting " + path, e);
    } finally {
      acceptLock.unlock();
    }
  }

  private String describe() {
    return "unix://" + path;
  }
}
