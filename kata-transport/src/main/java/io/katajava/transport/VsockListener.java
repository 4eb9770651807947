package io.katajava.transport;

import com.sun.jna.LastErrorException;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;

/** A listening vsock stream socket. */
public final class VsockListener implements AutoCloseable {
  private final int fd;

  /** Readable when the listener is closed: shutdown(2) does not wake the accept of a vsock. */
  private final int wakeup;

  private final String description;
  private final AtomicBoolean closed = new AtomicBoolean();

  /** Held by the accepting thread, so that the descriptor outlives its system call. */
  private final ReentrantLock acceptLock = new ReentrantLock();

  private VsockListener(int fd, int wakeup, String description) {
    this.fd = fd;
    this.wakeup = wakeup;
    this.description = description;
  }

  /**
   * Binds and listens.
   *
   * @param cid whose connections are taken, usually {@link VsockConnection#ANY_CID}
   * @param port the port, unsigned
   * @return the listener
   * @throws IOException if the kernel has no vsock or the port is taken
   */
  public static VsockListener listen(int cid, int port) throws IOException {
    String description = VsockConnection.describe(cid, port);
    int fd = NativeSockets.listenVsock(cid, port, description);
    try {
      return new VsockListener(fd, NativeSockets.wakeup(description), description);
    } catch (IOException e) {
      SocketCalls.C.close(fd);
      throw e;
    }
  }

  /**
   * Waits for the next connection.
   *
   * @return the connection, to be closed by the caller
   * @throws ConnectionClosedException if the listener was closed, before or meanwhile
   * @throws IOException if the system refused
   */
  public VsockConnection accept() throws IOException {
    acceptLock.lock();
    try {
      if (closed.get()) {
        throw new ConnectionClosedException(description);
      }
      while (true) {
        NativeSockets.awaitReadable(fd, wakeup);
        if (closed.get()) {
          throw new ConnectionClosedException(description);
        }
        VsockConnection accepted = NativeSockets.acceptVsock(fd);
        if (accepted != null) {
          return accepted;
        }
      }
    } catch (LastErrorException e) {
      if (closed.get()) {
        throw new ConnectionClosedException(description);
      }
      throw new IOException("accepting on " + description + ": " + e.getMessage(), e);
    } finally {
      acceptLock.unlock();
    }
  }

  /** Wakes a thread in {@link #accept} and closes the socket. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      NativeSockets.wake(wakeup);
      acceptLock.lock();
      try {
        SocketCalls.C.close(fd);
        SocketCalls.C.close(wakeup);
      } finally {
        acceptLock.unlock();
      }
    }
  }
}
