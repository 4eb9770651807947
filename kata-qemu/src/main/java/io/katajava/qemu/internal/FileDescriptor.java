package io.katajava.qemu.internal;

import com.sun.jna.LastErrorException;
import com.sun.jna.Native;
import java.io.IOException;
import java.nio.file.Path;

/**
 * An open file with the number the kernel knows it by, to be handed to QEMU over its control
 * connection: that way QEMU's user needs no right on the file. The JDK does not tell the number.
 */
final class FileDescriptor implements AutoCloseable {
  private static final int O_RDONLY = 0;
  private static final int O_WRONLY = 1;
  private static final int O_RDWR = 2;
  private static final int O_CREAT = 0x40;
  private static final int O_EXCL = 0x80;
  private static final int O_NOFOLLOW = 0x20000;
  private static final int O_CLOEXEC = 0x80000;
  private static final int OWNER_ONLY = 0600;

  static {
    Native.register(FileDescriptor.class, "c");
  }

  private final int number;

  private FileDescriptor(int number) {
    this.number = number;
  }

  // The third argument of open(2) is variadic; on the ABIs of Linux an int is passed alike.
  private static native int open(String path, int flags, int mode) throws LastErrorException;

  private static native int close(int descriptor) throws LastErrorException;

  static FileDescriptor toRead(Path file) throws IOException {
    return open(file, O_RDONLY);
  }

  /** A file that is there, to be read and written. */
  static FileDescriptor toChange(Path file) throws IOException {
    return open(file, O_RDWR);
  }

  /** Makes the file, for its owner alone; it must not be there. */
  static FileDescriptor toWrite(Path file) throws IOException {
    return open(file, O_WRONLY | O_CREAT | O_EXCL);
  }

  private static FileDescriptor open(Path file, int flags) throws IOException {
    try {
      return new FileDescriptor(open(file.toString(), flags | O_CLOEXEC | O_NOFOLLOW, OWNER_ONLY));
    } catch (LastErrorException e) {
      throw new IOException("cannot open " + file + ": " + e.getMessage(), e);
    }
  }

  int number() {
    return number;
  }

  @Override
  public void close() {
    try {
      close(number);
    } catch (LastErrorException e) {
      // Linux has freed the number all the same, close(2).
      return;
    }
  }
}
