package io.katajava.internal.tree;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * The system calls that take a directory's descriptor, which the JDK has in part only, and with
 * names as text. Structures are read by hand for 64-bit Linux, where x86-64 and aarch64 agree.
 */
final class FileCalls {
  static final int AT_FDCWD = -100;
  static final int AT_SYMLINK_NOFOLLOW = 0x100;
  static final int AT_REMOVEDIR = 0x200;
  static final int AT_SYMLINK_FOLLOW = 0x400;
  static final int AT_EMPTY_PATH = 0x1000;

  static final int O_RDONLY = 0;
  static final int O_WRONLY = 1;
  static final int O_RDWR = 2;
  static final int O_CREAT = 0x40;
  static final int O_EXCL = 0x80;
  static final int O_NONBLOCK = 0x800;
  static final int O_CLOEXEC = 0x80000;
  static final int O_PATH = 0x200000;

  /** The three that differ: arm64 has the numbers of old ARM. */
  static final int O_DIRECTORY = arm() ? 0x4000 : 0x10000;

  static final int O_NOFOLLOW = arm() ? 0x8000 : 0x20000;
  static final int O_TMPFILE = 0x400000 | O_DIRECTORY;

  static final int SEEK_DATA = 3;
  static final int STATX_BASIC_STATS = 0x7ff;
  static final int STATX_BTIME = 0x800;
  static final int STATX_SIZE = 256;
  static final long UTIME_OMIT = (1 << 30) - 2;

  static {
    Native.register(FileCalls.class, "c");
  }

  private FileCalls() {}

  private static boolean arm() {
    return System.getProperty("os.arch", "").equals("aarch64");
  }

  // The mode of openat(2) is variadic; on the ABIs of Linux an int is passed alike.
  static native int openat(int directory, byte[] path, int flags, int mode);

  static native int close(int descriptor);

  static native int statx(int directory, byte[] path, int flags, int mask, byte[] found);

  static native @Nullable Pointer fdopendir(int descriptor);

  static native @Nullable Pointer readdir(Pointer stream);

  static native int closedir(Pointer stream);

  static native int mkdirat(int directory, byte[] path, int mode);

  static native int unlinkat(int directory, byte[] path, int flags);

  static native int renameat(int from, byte[] path, int to, byte[] newPath);

  static native int symlinkat(byte[] target, int directory, byte[] path);

  static native int linkat(int from, byte[] path, int to, byte[] newPath, int flags);

  static native long readlinkat(int directory, byte[] path, byte[] target, long size);

  static native int chmod(byte[] path, int mode);

  static native int fchownat(int directory, byte[] path, int uid, int gid, int flags);

  static native int utimensat(int directory, byte[] path, long[] times, int flags);

  static native long pread(int descriptor, byte[] buffer, long size, long offset);

  static native long pwrite(int descriptor, byte[] buffer, long size, long offset);

  static native int ftruncate(int descriptor, long size);

  static native long lseek(int descriptor, long offset, int whence);

  static native int geteuid();

  static native String strerror(int errno);

  /** Fails as the last call of this thread did. */
  static FileCallException failure(Object what) {
    int errno = Native.getLastError();
    return new FileCallException(String.valueOf(what), errno, strerror(errno));
  }
}
