package io.katajava.compress;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdIOException;
import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Reads Zstandard (RFC 8878) as the field writes it: one frame or many (pzstd), frames to be
 * skipped before, between and after them (zstd:chunked, eStargz), windows up to {@link #MAX_WINDOW}
 * ({@code --long=27}, {@code --ultra -22}).
 *
 * <p>The window is memory outside Java's heap, up to 128 MiB for each stream that is read. A frame
 * that wants more than is available, in this machine and in the control groups of this process,
 * ends in an {@link UnreadableFormatException} that says so; so does one that needs a dictionary.
 * Everything else that is not as it should be, input that ends within a frame as well, is a {@link
 * MalformedDataException}.
 *
 * <p>Not for use by several threads at once. It must be closed: nothing else frees the window.
 */
public final class ZstdInputStream extends InputStream {
  /** The largest window that is read, in bytes: 128 MiB, as the {@code zstd} command does. */
  public static final int MAX_WINDOW = 1 << 27;

  private final ZstdFrames frames;
  private @Nullable ZstdInputStreamNoFinalizer decoder;
  private boolean closed;

  /**
   * Reads nothing yet.
   *
   * @param in compressed data, to its end; closed with this
   */
  public ZstdInputStream(InputStream in) {
    this(in, MemoryWatch.ofThisMachine());
  }

  ZstdInputStream(InputStream in, MemoryWatch memory) {
    this.frames = new ZstdFrames(Objects.requireNonNull(in, "in"), memory);
  }

  /**
   * Whether data begins as Zstandard does, with a frame or with one to be skipped.
   *
   * @param head the first bytes; with fewer than 4 it is not
   * @return whether this class reads it
   */
  public static boolean isZstd(byte[] head) {
    if (head.length < 4) {
      return false;
    }
    int magic = ZstdFrames.littleEndian(head, 0, 4);
    return magic == ZstdFrames.MAGIC || ZstdFrames.isSkippable(magic);
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] to, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, to.length);
    if (closed) {
      throw new IOException("The stream is closed");
    }
    if (length == 0) {
      return 0;
    }
    int count = decoded(to, offset, length);
    if (count < 0) {
      frames.requireEnd();
    } else {
      frames.decoded(count);
    }
    return count;
  }

  private int decoded(byte[] to, int offset, int length) throws IOException {
    try {
      return decoder().read(to, offset, length);
    } catch (ZstdIOException e) {
      if (e.getErrorCode() == Zstd.errMemoryAllocation()) {
        throw new UnreadableFormatException("there is no memory for the window of a zstd frame", e);
      }
      throw new MalformedDataException("zstd data is damaged: " + e.getMessage(), e);
    }
  }

  private ZstdInputStreamNoFinalizer decoder() throws IOException {
    ZstdInputStreamNoFinalizer made = decoder;
    if (made == null) {
      try {
        made = new ZstdInputStreamNoFinalizer(frames);
      } catch (LinkageError e) {
        throw new UnreadableFormatException(
            "zstd's library cannot be loaded here (it is unpacked into java.io.tmpdir, which must"
                + " allow execution; -DZstdTempFolder names another directory): "
                + e.getMessage(),
            e);
      }
      decoder = made;
    }
    return made;
  }

  @Override
  public void close() throws IOException {
    closed = true;
    try {
      frames.release();
    } finally {
      if (decoder == null) {
        frames.close();
      } else {
        decoder.close();
      }
    }
  }
}
