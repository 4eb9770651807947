package io.katajava.image.internal;

import io.katajava.compress.MalformedDataException;
import io.katajava.compress.UnreadableFormatException;
import io.katajava.compress.ZstdInputStream;
import io.katajava.image.Digest;
import io.katajava.image.ImageLimits;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * A layer's archive as it is kept: tar, or tar compressed by gzip or zstd, told apart by content.
 */
public final class LayerArchive {
  private static final long SMALL = 256L << 20;
  private static final int BUFFER = 1 << 16;

  private final Path file;
  private final ImageLimits limits;

  /**
   * An archive.
   *
   * @param file where it is
   * @param limits how large it may become
   */
  public LayerArchive(Path file, ImageLimits limits) {
    this.file = file;
    this.limits = limits;
  }

  /** Reads it uncompressed, within the limits. */
  InputStream open() throws IOException {
    long compressed = Files.size(file);
    InputStream in = new BufferedInputStream(Files.newInputStream(file), BUFFER);
    try {
      return new BufferedInputStream(new Limited(uncompressed(in), compressed, limits), BUFFER);
    } catch (IOException | RuntimeException e) {
      in.close();
      throw e;
    }
  }

  /**
   * Decompresses what is compressed.
   *
   * @param in gzip, zstd or anything else
   * @return the content
   * @throws IOException if it cannot be read
   */
  static InputStream uncompressed(InputStream in) throws IOException {
    PushbackInputStream peeked = new PushbackInputStream(in, 4);
    byte[] magic = peeked.readNBytes(4);
    peeked.unread(magic);
    if (magic.length >= 2 && (magic[0] & 0xff) == 0x1f && (magic[1] & 0xff) == 0x8b) {
      return new GZIPInputStream(peeked, BUFFER);
    }
    if (ZstdInputStream.isZstd(magic)) {
      return new ZstdInputStream(peeked);
    }
    return peeked;
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
    } catch (UnreadableFormatException e) {
      throw new InvalidLayerException("it cannot be read here: " + e.getMessage());
    } catch (MalformedDataException | ZipException | RuntimeException e) {
      // The decompressors tell of damage by several kinds of exceptions.
      throw new InvalidLayerException("it cannot be decompressed: " + e.getMessage());
    }
  }

  /** Ends a stream that has grown beyond what is allowed. */
  private static final class Limited extends PassingStream {
    private final long compressed;
    private final ImageLimits limits;
    private long total;

    Limited(InputStream in, long compressed, ImageLimits limits) {
      super(in);
      this.compressed = compressed;
      this.limits = limits;
    }

    @Override
    void count(long more) throws IOException {
      total += more;
      if (total > limits.layerSize().bytes()) {
        throw new InvalidLayerException("it is larger than " + limits.layerSize() + ", the limit");
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
