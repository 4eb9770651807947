package io.katajava.internal.tar;

import java.util.ArrayList;
import java.util.List;

/**
 * The map of a file with holes, as GNU tar's archives have it in four forms: which pieces of the
 * file the archive holds, one after the other; all else is zeros.
 */
final class SparseContent {
  /** Pieces of one file: each costs some 50 bytes while the file is read. */
  static final int MOST_PIECES = 1 << 18;

  private record Piece(long offset, long length) {}

  private final List<Piece> pieces = new ArrayList<>();
  private final long size;
  private long data;
  private long end;
  private long position;
  private int at;

  /**
   * Begins a map.
   *
   * @param size of the whole file, holes included
   */
  SparseContent(long size) throws MalformedArchiveException {
    if (size < 0) {
      throw new MalformedArchiveException("a sparse file has a negative size");
    }
    this.size = size;
  }

  /** The whole file. */
  long size() {
    return size;
  }

  /** What of it is in the archive. */
  long data() {
    return data;
  }

  void add(long offset, long length) throws MalformedArchiveException {
    if (offset < end || length < 0 || offset > size || length > size - offset) {
      throw new MalformedArchiveException("the map of a sparse file does not fit the file");
    }
    if (pieces.size() == MOST_PIECES) {
      throw new MalformedArchiveException(
          "a sparse file has more than " + MOST_PIECES + " pieces, the limit");
    }
    end = offset + length;
    data += length;
    if (length > 0) {
      pieces.add(new Piece(offset, length));
    }
  }

  boolean isAtEnd() {
    return position == size;
  }

  /** Zeros that come next, at most; 0 where data is next. */
  long hole() {
    return Math.max(0, (at < pieces.size() ? pieces.get(at).offset() : size) - position);
  }

  /** Bytes that the archive has next, without a hole between. */
  long piece() {
    return at < pieces.size() ? pieces.get(at).offset() + pieces.get(at).length() - position : 0;
  }

  void passed(long count) {
    position += count;
    if (at < pieces.size() && position == pieces.get(at).offset() + pieces.get(at).length()) {
      at++;
    }
  }
}
