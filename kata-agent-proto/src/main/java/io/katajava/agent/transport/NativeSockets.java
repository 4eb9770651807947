package io.katajava.agent.transport;

import com.sun.jna.LastErrorException;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Socket calls that jnr-unixsocket does not have. Structures are laid out by hand for 64-bit Linux,
 * where x86-64 and aarch64 agree.
 */
final class NativeSockets {
  private static final int SOL_SOCKET = 1;
  private static final int SCM_RIGHTS = 1;
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int MAX_DESCRIPTORS = 253;

  static {
    Native.register(NativeSockets.class, "c");
  }

  private NativeSockets() {}

  private static native long sendmsg(int fd, Pointer message, int flags) throws LastErrorException;

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
