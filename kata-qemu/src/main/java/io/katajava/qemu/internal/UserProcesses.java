package io.katajava.qemu.internal;

import com.sun.jna.LastErrorException;
import com.sun.jna.Native;

/** Whether anything on this host runs as a user, wherever its state is. */
final class UserProcesses {
  private static final int PRIO_USER = 2;

  /** Of getpriority(2): there is no process of that user. */
  private static final int ESRCH = 3;

  static {
    Native.register(UserProcesses.class, "c");
  }

  private UserProcesses() {}

  private static native int getpriority(int which, int who) throws LastErrorException;

  /** The kernel looks through its own list, which takes it microseconds. */
  static boolean exist(int uid) {
    try {
      getpriority(PRIO_USER, uid);
      return true;
    } catch (LastErrorException e) {
      return e.getErrorCode() != ESRCH;
    }
  }
}
