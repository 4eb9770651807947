package io.katajava.transport;

import java.io.IOException;
import java.nio.ByteBuffer;
import jnr.constants.platform.Errno;
import jnr.ffi.LastError;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Runtime;
import jnr.ffi.types.size_t;
import jnr.ffi.types.ssize_t;

/** The system calls of the data path. Buffers must be direct: the JVM does not move those. */
final class SocketCalls {
  static final int EINTR = 4;
  static final int EAGAIN = 11;
  static final int EPIPE = 32;
  static final int ECONNABORTED = 103;
  static final int ECONNRESET = 104;
  static final int MSG_DONTWAIT = 0x40;
  static final int MSG_NOSIGNAL = 0x4000;
  static final int SHUT_RDWR = 2;
  static final short POLLIN = 1;

  /** Signatures as in the C library. */
  public interface LibC {
    @ssize_t
    long recv(int fd, ByteBuffer buffer, @size_t long length, int flags);

    @ssize_t
    long send(int fd, ByteBuffer buffer, @size_t long length, int flags);

    int poll(ByteBuffer descriptors, @size_t long count, int timeoutMillis);

    int shutdown(int fd, int how);

    int close(int fd);
  }

  static final LibC C = LibraryLoader.create(LibC.class).load("c");
  private static final Runtime RUNTIME = Runtime.getRuntime(C);

  private SocketCalls() {}

  static int errno() {
    return LastError.getLastError(RUNTIME);
  }

  static IOException failure(String attempt, int errno) {
    return new IOException(attempt + ": " + Errno.valueOf(errno).description());
  }
}
