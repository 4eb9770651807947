package io.katajava.internal.tar;

import io.katajava.internal.tree.Blocks;
import io.katajava.internal.tree.OpenFile;
import java.io.IOException;
import java.util.Arrays;

/** What is in a file of an archive, on its way into one of the host; zeros become holes. */
final class Content {
  private static final int BUFFER = 64 << 10;

  private Content() {}

  /** Writes all that is left of the current entry, and ends the file there. */
  static void write(TarReader archive, OpenFile file, long from) throws IOException {
    byte[] buffer = new byte[BUFFER];
    long at = from + archive.skipHole();
    for (int n = archive.read(buffer); n >= 0; n = archive.read(buffer)) {
      write(file, buffer, n, at);
      at += n + archive.skipHole();
    }
    file.resize(at);
  }

  private static void write(OpenFile file, byte[] buffer, int length, long offset)
      throws IOException {
    int begin = -1;
    for (int at = 0; at < length; at += Blocks.SIZE) {
      boolean zero = Blocks.isZero(buffer, at, Math.min(Blocks.SIZE, length - at));
      if (!zero && begin < 0) {
        begin = at;
      } else if (zero && begin >= 0) {
        file.write(Arrays.copyOfRange(buffer, begin, at), offset + begin);
        begin = -1;
      }
    }
    if (begin >= 0) {
      file.write(Arrays.copyOfRange(buffer, begin, length), offset + begin);
    }
  }

  /**
   * Reads the current entry as long as a file has the same; then gets another file with what was
   * the same, and writes the rest there.
   *
   * @param other makes the other file
   * @return whether they differ
   */
  static boolean writeIfDifferent(TarReader archive, OpenFile file, long size, Target other)
      throws IOException {
    byte[] buffer = new byte[BUFFER];
    byte[] there = new byte[BUFFER];
    long at = 0;
    int n = 0;
    boolean same = file.status().size() == size;
    while (same) {
      at += n;
      long hole = archive.skipHole();
      if (!file.isZero(at, at + hole)) {
        at += hole;
        copyButZeros(file, other.file(), at - hole);
        Content.write(archive, other.file(), at);
        return true;
      }
      at += hole;
      n = archive.read(buffer);
      if (n < 0) {
        return false;
      }
      same = file.readFully(there, n, at) == n && Arrays.equals(buffer, 0, n, there, 0, n);
    }
    copyButZeros(file, other.file(), at);
    write(other.file(), buffer, n, at);
    write(archive, other.file(), at + n);
    return true;
  }

  /** Where to write once it is known that something is to be written. */
  @FunctionalInterface
  interface Target {
    /** The same file each time. */
    OpenFile file() throws IOException;
  }

  /** Copies the beginning of a file, or all there is of it. */
  static void copyButZeros(OpenFile from, OpenFile to, long length) throws IOException {
    byte[] buffer = new byte[BUFFER];
    for (long at = from.nextData(0); at < length; at = from.nextData(at)) {
      int n = from.read(buffer, (int) Math.min(BUFFER, length - at), at);
      if (n == 0) {
        return;
      }
      write(to, buffer, n, at);
      at += n;
    }
  }
}
