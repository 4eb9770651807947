package io.katajava.qemu.internal;

import com.sun.jna.LastErrorException;
import com.sun.jna.Native;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A copy of a guest's memory in a file without a name that nobody can change any more, whoever has
 * it open and however: the kernel has sealed it (memfd_create(2)).
 *
 * <p>For QEMUs that open even memory which they map copy-on-write for writing. A file that they can
 * open so, one that has broken out of its machine can write to, and all machines of that template
 * would run what it wrote.
 */
final class SealedMemory implements AutoCloseable {
  private static final int MFD_CLOEXEC = 1;
  private static final int MFD_ALLOW_SEALING = 2;
  private static final int F_ADD_SEALS = 1033;

  /** No more seals, no other size, no other content. */
  private static final int ALL_SEALS = 1 | 2 | 4 | 8;

  private static final int SEEK_DATA = 3;
  private static final int SEEK_HOLE = 4;

  /** Of lseek(2): there is no data from there to the end. */
  private static final int ENXIO = 6;

  static {
    Native.register(SealedMemory.class, "c");
  }

  private final int descriptor;

  private SealedMemory(int descriptor) {
    this.descriptor = descriptor;
  }

  private static native int memfd_create(String name, int flags) throws LastErrorException;

  private static native int ftruncate(int descriptor, long size) throws LastErrorException;

  // The third argument of fcntl(2) is variadic; on the ABIs of Linux an int is passed alike.
  private static native int fcntl(int descriptor, int command, int argument)
      throws LastErrorException;

  private static native long lseek(int descriptor, long offset, int whence)
      throws LastErrorException;

  private static native int close(int descriptor) throws LastErrorException;

  /**
   * Copies a file and seals the copy. Its holes stay holes.
   *
   * @throws IOException if it cannot be read, or the kernel does not seal
   */
  static SealedMemory copyOf(Path file) throws IOException {
    SealedMemory copy = null;
    boolean done = false;
    try (FileDescriptor source = FileDescriptor.toRead(file);
        FileChannel from = FileChannel.open(file, StandardOpenOption.READ)) {
      copy = new SealedMemory(memfd_create("kata-memory", MFD_CLOEXEC | MFD_ALLOW_SEALING));
      long size = from.size();
      ftruncate(copy.descriptor, size);
      try (FileChannel to = FileChannel.open(copy.path(), StandardOpenOption.WRITE)) {
        long at = data(source, 0);
        while (at >= 0 && at < size) {
          long end = lseek(source.number(), at, SEEK_HOLE);
          to.position(at);
          while (at < end) {
            long moved = from.transferTo(at, end - at, to);
            if (moved <= 0) {
              throw new IOException(file + " ends at " + at + " while it is copied");
            }
            at += moved;
          }
          at = data(source, end);
        }
      }
      fcntl(copy.descriptor, F_ADD_SEALS, ALL_SEALS);
      done = true;
      return copy;
    } catch (LastErrorException e) {
      throw new IOException("cannot seal a copy of " + file + ": " + e.getMessage(), e);
    } finally {
      if (copy != null && !done) {
        copy.close();
      }
    }
  }

  /** Where the next data is, or -1. */
  private static long data(FileDescriptor source, long from) {
    try {
      return lseek(source.number(), from, SEEK_DATA);
    } catch (LastErrorException e) {
      if (e.getErrorCode() == ENXIO) {
        return -1;
      }
      throw e;
    }
  }

  /** Its name for this process, as long as it is open. */
  Path path() {
    return Path.of("/proc/self/fd/" + descriptor);
  }

  /** Machines that have mapped it keep it. */
  @Override
  public void close() {
    try {
      close(descriptor);
    } catch (LastErrorException e) {
      // Linux has freed the number all the same, close(2).
      return;
    }
  }
}
