package io.katajava.image.internal;

import io.katajava.Deadline;
import io.katajava.MemorySize;
import io.katajava.image.Digest;
import io.katajava.image.ImageLimits;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.function.UnaryOperator;

/** A layer's archive as it is kept: tar, or tar in one of the forms of {@link Compression}. */
public final class LayerArchive {
  private static final long SMALL = 256L << 20;
  private static final int BUFFER = 1 << 16;

  private final Path file;
  private final ImageLimits limits;
  private final Deadline deadline;

  /**
   * An archive.
   *
   * @param file where it is
   * @param limits how large it may become
   * @param deadline by when it must have been read
   */
  public LayerArchive(Path file, ImageLimits limits, Deadline deadline) {
    this.file = file;
    this.limits = limits;
    this.deadline = deadline;
  }

  /** Reads it uncompressed, within the limits. */
  InputStream open() throws IOException {
    return open(UnaryOperator.identity(), limits.layerSize().bytes());
  }

  /** Reads an archive of whole images, which has as many layers as an image may have. */
  InputStream openAll(UnaryOperator<InputStream> counting) throws IOException {
    long layer = limits.layerSize().bytes();
    long most = layer > Long.MAX_VALUE / limits.layers() ? Long.MAX_VALUE : layer * limits.layers();
    return open(counting, most);
  }

  private InputStream open(UnaryOperator<InputStream> counting, long most) throws IOException {
    long compressed = Files.size(file);
    InputStream in = new BufferedInputStream(counting.apply(Files.newInputStream(file)), BUFFER);
    try {
      return new BufferedInputStream(new Limited(Compression.undo(in), compressed, most), BUFFER);
    } catch (IOException | RuntimeException e) {
      in.close();
      throw e;
    }
  }

  /**
   * Reads all of it, checking every entry.
   *
   * @param diffId what its uncompressed content must have as digest
   * @return what is in it
   */
  LayerIndex index(Digest diffId) throws IOException {
    MessageDigest hash = diffId.newHash();
    try (InputStream in = new DigestInputStream(open(), hash)) {
      LayerIndex index = LayerIndex.read(in, limits);
      String found = HexFormat.of().formatHex(hash.digest());
      if (!found.equals(diffId.hex())) {
        throw new InvalidLayerException(
            "its content has the digest "
                + diffId.algorithm()
                + ":"
                + found
                + ", the image's configuration says "
                + diffId);
      }
      return index;
    } catch (EOFException e) {
      throw new InvalidLayerException(String.valueOf(e.getMessage()));
    }
  }

  /** Ends a stream that has grown beyond what is allowed. */
  private final class Limited extends PassingStream {
    private final long compressed;
    private final long most;
    private long total;
    private long checkedAt;

    Limited(InputStream in, long compressed, long most) {
      super(in);
      this.compressed = compressed;
      this.most = most;
    }

    @Override
    void count(long more) throws IOException {
      total += more;
      if (total - checkedAt >= BUFFER) {
        checkedAt = total;
        LateException.check(deadline, "reading a layer");
      }
      if (total > most) {
        throw new InvalidLayerException(
            "it is larger than " + MemorySize.bytes(most) + ", the limit");
      }
      if (total > SMALL && total / limits.expansion() > compressed) {
        throw new InvalidLayerException(
            "it expands to more than "
                + limits.expansion()
                + " times its "
                + compressed
                + " compressed bytes, the limit");
      }
    }
  }
}
