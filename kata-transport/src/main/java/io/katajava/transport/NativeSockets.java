package io.katajava.transport;

import com.sun.jna.LastErrorException;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Socket calls that jnr-unixsocket does not have. Structures are laid out by hand for 64-bit Linux,
 * where x86-64 and aarch64 agree.
 */
final class NativeSockets {
  private static final int SOL_SOCKET = 1;
  private static final int SCM_RIGHTS = 1;
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int MAX_DESCRIPTORS = 253;

  private static final int AF_VSOCK = 40;
  private static final int SOCK_STREAM = 1;
  private static final int SOCK_CLOEXEC = 0x80000;
  private static final int SOCK_NONBLOCK = 0x800;
  private static final int SO_VM_SOCKETS_CONNECT_TIMEOUT = 6;
  private static final int BACKLOG = 128;
  private static final int POLLIN = 1;
  private static final int EFD_CLOEXEC = 0x80000;

  /** sockaddr_vm: u16 family, u16 reserved, u32 port, u32 cid, u8 flags, 3 bytes of zero. */
  private static final int ADDRESS_SIZE = 16;

  static {
    Native.register(NativeSockets.class, "c");
  }

  private NativeSockets() {}

  private static native long sendmsg(int fd, Pointer message, int flags) throws LastErrorException;

  private static native int socket(int domain, int type, int protocol) throws LastErrorException;

  private static native int connect(int fd, Pointer address, int length) throws LastErrorException;

  private static native int bind(int fd, Pointer address, int length) throws LastErrorException;

  private static native int listen(int fd, int backlog) throws LastErrorException;

  private static native int accept4(int fd, Pointer address, Pointer length, int flags)
      throws LastErrorException;

  private static native int poll(Pointer entries, long count, int timeout)
      throws LastErrorException;

  private static native int eventfd(int initial, int flags) throws LastErrorException;

  private static native long write(int fd, Pointer data, long length) throws LastErrorException;

  private static native int setsockopt(int fd, int level, int name, Pointer value, int length)
      throws LastErrorException;

  static int connectVsock(int cid, int port, Duration timeout, String where) throws IOException {
    int fd = -1;
    boolean connected = false;
    try (Memory address = address(cid, port);
        Memory limit = new Memory(16)) {
      fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
      limit.setLong(0, timeout.toSeconds());
      limit.setLong(8, Math.max(1, timeout.toNanosPart() / 1000));
      setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, limit, 16);
      connect(fd, address, ADDRESS_SIZE);
      connected = true;
      return fd;
    } catch (LastErrorException e) {
      throw new IOException("connecting to " + where + ": " + e.getMessage(), e);
    } finally {
      if (!connected && fd >= 0) {
        SocketCalls.C.close(fd);
      }
    }
  }

  static int listenVsock(int cid, int port, String where) throws IOException {
    int fd = -1;
    boolean listening = false;
    try (Memory address = address(cid, port)) {
      fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      bind(fd, address, ADDRESS_SIZE);
      listen(fd, BACKLOG);
      listening = true;
      return fd;
    } catch (LastErrorException e) {
      throw new IOException("listening on " + where + ": " + e.getMessage(), e);
    } finally {
      if (!listening && fd >= 0) {
        SocketCalls.C.close(fd);
      }
    }
  }

  /** Null if the caller has to wait again: the connection is gone, or a signal came. */
  static @Nullable VsockConnection acceptVsock(int listener) {
    try (Memory address = address(0, 0);
        Memory length = new Memory(4)) {
      length.setInt(0, ADDRESS_SIZE);
      int fd = accept4(listener, address, length, SOCK_CLOEXEC);
      int peer = address.getInt(8);
      return new VsockConnection(fd, peer, VsockConnection.describe(peer, address.getInt(4)));
    } catch (LastErrorException e) {
      int errno = e.getErrorCode();
      if (errno == SocketCalls.EAGAIN
          || errno == SocketCalls.EINTR
          || errno == SocketCalls.ECONNABORTED) {
        return null;
      }
      throw e;
    }
  }

  /** A descriptor that becomes readable by {@link #wake}. */
  static int wakeup(String where) throws IOException {
    try {
      return eventfd(0, EFD_CLOEXEC);
    } catch (LastErrorException e) {
      throw new IOException("listening on " + where + ": " + e.getMessage(), e);
    }
  }

  static void wake(int wakeup) {
    try (Memory one = new Memory(8)) {
      one.setLong(0, 1);
      write(wakeup, one, 8);
    }
  }

  /** Waits until one of the two can be read. pollfd: i32 descriptor, i16 wanted, i16 seen. */
  static void awaitReadable(int first, int second) {
    try (Memory entries = new Memory(16)) {
      entries.clear();
      entries.setInt(0, first);
      entries.setShort(4, (short) POLLIN);
      entries.setInt(8, second);
      entries.setShort(12, (short) POLLIN);
      poll(entries, 2, -1);
    } catch (LastErrorException e) {
      if (e.getErrorCode() != SocketCalls.EINTR) {
        throw e;
      }
    }
  }

  private static Memory address(int cid, int port) {
    Memory address = new Memory(ADDRESS_SIZE);
    address.clear();
    address.setShort(0, (short) AF_VSOCK);
    address.setInt(4, port);
    address.setInt(8, cid);
    return address;
  }

  /** Sends what it can of the data, at least one byte, with the descriptors. */
  static void sendDescriptors(int fd, ByteBuffer data, int[] descriptors, String where)
      throws IOException {
    if (descriptors.length == 0 || descriptors.length > MAX_DESCRIPTORS) {
      throw new IllegalArgumentException(
          "1 to " + MAX_DESCRIPTORS + " descriptors can be sent, not " + descriptors.length);
    }
    int length = data.remaining();
    int controlLength = 16 + 4 * descriptors.length;
    try (Memory payload = new Memory(length);
        Memory vector = new Memory(16);
        Memory control = new Memory((controlLength + 7) & ~7L);
        Memory message = new Memory(56)) {
      payload.getByteBuffer(0, length).put(data.duplicate());
      vector.setPointer(0, payload);
      vector.setLong(8, length);
      control.clear();
      control.setLong(0, controlLength);
      control.setInt(8, SOL_SOCKET);
      control.setInt(12, SCM_RIGHTS);
      control.write(16, descriptors, 0, descriptors.length);
      message.clear();
      message.setPointer(16, vector);
      message.setLong(24, 1);
      message.setPointer(32, control);
      message.setLong(40, control.size());
      long sent = sendmsg(fd, message, MSG_NOSIGNAL);
      data.position(data.position() + (int) sent);
    } catch (LastErrorException e) {
      throw new IOException(
          "sending " + descriptors.length + " descriptors to " + where + ": " + e.getMessage(), e);
    }
  }
}
