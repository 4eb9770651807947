package io.katajava.compress;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/**
 * Hands a decoder the frames of a stream, and looks at what they want before it does: the window's
 * size, a dictionary. Frames to be skipped are skipped here. Of a frame's content only the blocks'
 * sizes are read. Format: RFC 8878, section 3.
 */
final class ZstdFrames extends InputStream {
  static final int MAGIC = 0xfd2fb528;

  private static final int SKIPPABLE = 0x184d2a50;
  private static final int MAX_HEADER = 18;
  private static final int RLE_BLOCK = 1;
  private static final int RESERVED_BLOCK = 3;

  /** Nobody is asked about windows of this size: every level up to 19 has them. */
  private static final long SMALL_WINDOW = 8L << 20;

  private enum Next {
    FRAME,
    BLOCK,
    CHECKSUM,
    NOTHING
  }

  private final InputStream in;
  private final MemoryWatch memory;
  private final byte[] header = new byte[MAX_HEADER];
  private int headerAt;
  private int headerEnd;
  private long body;
  private boolean checksummed;
  private Next next = Next.FRAME;
  private long promised;

  ZstdFrames(InputStream in, MemoryWatch memory) {
    this.in = in;
    this.memory = memory;
  }

  static boolean isSkippable(int magic) {
    return (magic & 0xffff_fff0) == SKIPPABLE;
  }

  static int littleEndian(byte[] bytes, int at, int size) {
    int value = 0;
    for (int i = 0; i < size; i++) {
      value |= (bytes[at + i] & 0xff) << (8 * i);
    }
    return value;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] to, int offset, int length) throws IOException {
    while (headerAt == headerEnd && body == 0) {
      switch (next) {
        case FRAME -> frame();
        case BLOCK -> block();
        case CHECKSUM -> {
          body = 4;
          next = Next.FRAME;
        }
        default -> {
          return -1;
        }
      }
    }
    if (headerAt < headerEnd) {
      int count = Math.min(length, headerEnd - headerAt);
      System.arraycopy(header, headerAt, to, offset, count);
      headerAt += count;
      return count;
    }
    int count = in.read(to, offset, (int) Math.min(length, body));
    if (count < 0) {
      throw cut();
    }
    body -= count;
    return count;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }

  /** Where this many bytes came out of the decoder, so many of the window are filled. */
  void decoded(int count) {
    long filled = Math.min(count, promised);
    memory.release(filled);
    promised -= filled;
  }

  void release() {
    memory.release(promised);
    promised = 0;
  }

  void requireEnd() throws IOException {
    if (next != Next.NOTHING) {
      throw cut();
    }
  }

  private void frame() throws IOException {
    release();
    int magic = magic();
    while (isSkippable(magic)) {
      fill(4, 4);
      leaveOut(littleEndian(header, 4, 4) & 0xffff_ffffL);
      magic = magic();
    }
    if (next == Next.NOTHING) {
      return;
    }
    if (magic != MAGIC) {
      throw new MalformedDataException(
          "what should be a zstd frame begins with " + Integer.toHexString(magic));
    }
    fill(4, 1);
    int descriptor = header[4] & 0xff;
    int dictionarySize = new int[] {0, 1, 2, 4}[descriptor & 3];
    checksummed = (descriptor & 4) != 0;
    boolean single = (descriptor & 0x20) != 0;
    int contentSize = new int[] {single ? 1 : 0, 2, 4, 8}[descriptor >> 6];
    if ((descriptor & 8) != 0) {
      throw new UnreadableFormatException(
          "a zstd frame uses what the format reserves for its future");
    }
    int windowSize = single ? 0 : 1;
    headerEnd = 5 + windowSize + dictionarySize + contentSize;
    headerAt = 0;
    fill(5, headerEnd - 5);
    int dictionary = littleEndian(header, 5 + windowSize, dictionarySize);
    if (dictionary != 0) {
      throw new UnreadableFormatException(
          "a zstd frame needs the dictionary "
              + Integer.toUnsignedString(dictionary)
              + ", which is not in it");
    }
    open(single ? content(contentSize) : window(header[5] & 0xff));
    next = Next.BLOCK;
  }

  private static long window(int descriptor) {
    long base = 1L << (10 + (descriptor >> 3));
    return base + base / 8 * (descriptor & 7);
  }

  /** Without a window of its own a frame's content is its window. */
  private long content(int size) {
    int at = headerEnd - size;
    return switch (size) {
      case 1 -> header[at] & 0xff;
      case 2 -> 256 + littleEndian(header, at, 2);
      case 4 -> littleEndian(header, at, 4) & 0xffff_ffffL;
      default -> {
        long high = littleEndian(header, at + 4, 4) & 0xffff_ffffL;
        yield high >>> 31 != 0
            ? Long.MAX_VALUE
            : (high << 32) | (littleEndian(header, at, 4) & 0xffff_ffffL);
      }
    };
  }

  private void open(long window) throws IOException {
    if (window > ZstdInputStream.MAX_WINDOW) {
      throw new UnreadableFormatException(
          "a zstd frame has a window of "
              + mebibytes(window)
              + " MiB; up to "
              + mebibytes(ZstdInputStream.MAX_WINDOW)
              + " MiB are read (compress it with --long=27 or less)");
    }
    if (window > SMALL_WINDOW) {
      long available = memory.promise(window);
      if (available >= 0) {
        throw new UnreadableFormatException(
            "a zstd frame has a window of "
                + mebibytes(window)
                + " MiB, and only "
                + mebibytes(available)
                + " MiB of memory are available to this process");
      }
      promised = window;
    }
  }

  private static long mebibytes(long bytes) {
    return bytes >> 20;
  }

  private void block() throws IOException {
    headerAt = 0;
    headerEnd = 0;
    fill(0, 3);
    headerEnd = 3;
    int word = littleEndian(header, 0, 3);
    int type = (word >> 1) & 3;
    if (type == RESERVED_BLOCK) {
      throw new MalformedDataException("a zstd frame has a block of a kind that does not exist");
    }
    body = type == RLE_BLOCK ? 1 : word >> 3;
    if ((word & 1) != 0) {
      next = checksummed ? Next.CHECKSUM : Next.FRAME;
    }
  }

  /** The next frame's; nothing more comes when the input has ended. */
  private int magic() throws IOException {
    headerAt = 0;
    headerEnd = 0;
    int count = in.readNBytes(header, 0, 4);
    if (count == 0) {
      next = Next.NOTHING;
      return 0;
    }
    if (count < 4) {
      throw cut();
    }
    return littleEndian(header, 0, 4);
  }

  private void fill(int at, int count) throws IOException {
    if (in.readNBytes(header, at, count) < count) {
      throw cut();
    }
  }

  private void leaveOut(long size) throws IOException {
    try {
      in.skipNBytes(size);
    } catch (EOFException e) {
      throw cut();
    }
  }

  private static MalformedDataException cut() {
    return new MalformedDataException("zstd data ends in the middle of a frame");
  }
}
