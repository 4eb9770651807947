package io.katajava.internal.tree;

import static io.katajava.internal.tree.FileCalls.failure;

import com.sun.jna.Native;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.Arrays;

/** A file that is held by its descriptor, whatever becomes of its name. */
public final class OpenFile implements AutoCloseable {
  private static final int BUFFER = 64 << 10;
  private static final int ENXIO = 6;

  private final int descriptor;
  private final Object label;

  OpenFile(int descriptor, Object label) {
    this.descriptor = descriptor;
    this.label = label;
  }

  private void check(long result) throws FileCallException {
    if (result < 0) {
      throw failure(label);
    }
  }

  /**
   * Its status.
   *
   * @return the status
   * @throws IOException if it cannot be told
   */
  public FileStatus status() throws IOException {
    return OpenDirectory.status(descriptor, label);
  }

  /**
   * Reads.
   *
   * @param buffer takes what is read, from its beginning on
   * @param length how much at most
   * @param offset from where
   * @return how much was read, 0 at the end
   * @throws IOException if it cannot be read
   */
  public int read(byte[] buffer, int length, long offset) throws IOException {
    long count = FileCalls.pread(descriptor, buffer, Math.min(length, buffer.length), offset);
    check(count);
    return (int) count;
  }

  /**
   * Reads until so much is there or the file ends.
   *
   * @param buffer takes what is read, from its beginning on
   * @param length how much is wanted
   * @param offset from where
   * @return how much was read
   * @throws IOException if it cannot be read
   */
  public int readFully(byte[] buffer, int length, long offset) throws IOException {
    int all = read(buffer, length, offset);
    while (all > 0 && all < length) {
      byte[] rest = new byte[length - all];
      int more = read(rest, rest.length, offset + all);
      if (more == 0) {
        break;
      }
      System.arraycopy(rest, 0, buffer, all, more);
      all += more;
    }
    return all;
  }

  /**
   * Writes all of it.
   *
   * @param bytes what is written
   * @param offset where
   * @throws IOException if it cannot be written
   */
  public void write(byte[] bytes, long offset) throws IOException {
    byte[] left = bytes;
    long at = offset;
    while (left.length > 0) {
      long count = FileCalls.pwrite(descriptor, left, left.length, at);
      check(count);
      at += count;
      left = Arrays.copyOfRange(left, (int) count, left.length);
    }
  }

  /**
   * Writes it from its beginning on.
   *
   * @return a stream without a buffer; closing it leaves the file open
   */
  public OutputStream stream() {
    return new OutputStream() {
      private long at;

      @Override
      public void write(int value) throws IOException {
        write(new byte[] {(byte) value}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        OpenFile.this.write(Arrays.copyOfRange(bytes, offset, offset + length), at);
        at += length;
      }
    };
  }

  /**
   * Cuts it off or fills it up with a hole.
   *
   * @param size its new size
   * @throws IOException if it cannot be changed
   */
  public void resize(long size) throws IOException {
    check(FileCalls.ftruncate(descriptor, size));
  }

  /**
   * Where the next data is.
   *
   * @param from where to look from
   * @return its offset, not below {@code from}, or {@link Long#MAX_VALUE} if there is none
   * @throws IOException if it cannot be told
   */
  public long nextData(long from) throws IOException {
    long at = FileCalls.lseek(descriptor, from, FileCalls.SEEK_DATA);
    if (at >= 0) {
      return at;
    }
    FileCallException e = failure(label);
    if (e.is(ENXIO)) {
      return Long.MAX_VALUE;
    }
    if (e.is(FileCallException.EINVAL)) {
      // The file system does not know of holes.
      return from;
    }
    throw e;
  }

  /**
   * Whether it has nothing but zeros between two offsets, or ends before.
   *
   * @param from the first offset
   * @param to the offset after the last
   * @return whether there is nothing else
   * @throws IOException if it cannot be read
   */
  public boolean isZero(long from, long to) throws IOException {
    byte[] buffer = new byte[BUFFER];
    for (long at = nextData(from); at < to; at = nextData(at)) {
      int n = read(buffer, (int) Math.min(buffer.length, to - at), at);
      if (n == 0) {
        return true;
      }
      if (!Blocks.isZero(buffer, 0, n)) {
        return false;
      }
      at += n;
    }
    return true;
  }

  /** A path that leads to this very file, also when it was opened to look at only. */
  byte[] magicLink() {
    return BytePath.of("/proc/self/fd/" + descriptor).terminated();
  }

  /**
   * Sets the twelve bits of its mode. What it is was looked at: it must not be a link.
   *
   * @param mode the bits
   * @throws IOException if they cannot be set
   */
  public void setMode(int mode) throws IOException {
    check(FileCalls.chmod(magicLink(), mode));
  }

  /**
   * Sets owner and group where this process may.
   *
   * @param uid the owner
   * @param gid the group
   * @return whether it might
   * @throws IOException if it might and they cannot be set
   */
  public boolean setOwner(long uid, long gid) throws IOException {
    int flags = FileCalls.AT_EMPTY_PATH;
    if (FileCalls.fchownat(descriptor, new byte[1], (int) uid, (int) gid, flags) < 0) {
      FileCallException e = failure(label);
      if (e.is(FileCallException.EPERM)) {
        return false;
      }
      throw e;
    }
    return true;
  }

  /**
   * Sets when it was changed. It must not be a link.
   *
   * @param time the time
   * @throws IOException if it cannot be set
   */
  public void setModified(Instant time) throws IOException {
    check(FileCalls.utimensat(FileCalls.AT_FDCWD, magicLink(), times(time), 0));
  }

  static long[] times(Instant modified) {
    return new long[] {0, FileCalls.UTIME_OMIT, modified.getEpochSecond(), modified.getNano()};
  }

  @Override
  public void close() {
    int errno = Native.getLastError();
    FileCalls.close(descriptor);
    Native.setLastError(errno);
  }
}
