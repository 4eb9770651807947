package io.katajava.image.internal;

import io.katajava.compress.MalformedDataException;
import io.katajava.compress.UnreadableFormatException;
import io.katajava.compress.ZstdInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.tukaani.xz.XZIOException;
import org.tukaani.xz.XZInputStream;

/** What an archive is compressed with, told from its first bytes. */
enum Compression {
  GZIP("gzip"),
  ZSTD("zstd"),
  BZIP2("bzip2"),
  XZ("xz");

  private static final int BUFFER = 1 << 16;
  private static final int MAGIC = 6;

  /** An xz stream says how large a dictionary it wants: more than any preset of xz is refused. */
  private static final int XZ_MEMORY_KIB = 128 << 10;

  private final String word;

  Compression(String word) {
    this.word = word;
  }

  /** Decompresses what is compressed; anything else passes as it is. */
  static InputStream undo(InputStream in) throws IOException {
    PushbackInputStream peeked = new PushbackInputStream(in, MAGIC);
    byte[] magic = peeked.readNBytes(MAGIC);
    peeked.unread(magic);
    Optional<Compression> kind = of(magic);
    if (kind.isEmpty()) {
      Optional<String> foreign = foreign(magic);
      if (foreign.isPresent()) {
        throw new InvalidLayerException("it is " + foreign.get() + ", which is not supported");
      }
      return peeked;
    }
    try {
      return new Decompressed(
          switch (kind.get()) {
            case GZIP -> new GZIPInputStream(peeked, BUFFER);
            case ZSTD -> new ZstdInputStream(peeked);
            case BZIP2 -> new BZip2CompressorInputStream(peeked, true);
            case XZ -> new XZInputStream(peeked, XZ_MEMORY_KIB);
          },
          kind.get());
    } catch (IOException | RuntimeException e) {
      throw damaged(kind.get(), e);
    }
  }

  private static IOException damaged(Compression kind, Exception e) {
    if (e instanceof InvalidLayerException invalid) {
      return invalid;
    }
    if (e instanceof UnreadableFormatException) {
      return new InvalidLayerException("it cannot be read here: " + e.getMessage());
    }
    boolean told =
        e instanceof EOFException
            || e instanceof ZipException
            || e instanceof MalformedDataException
            || e instanceof XZIOException
            || e instanceof RuntimeException
            || kind == BZIP2;
    return told
        ? new InvalidLayerException(
            "it cannot be decompressed: " + (kind == ZSTD ? "" : kind + ": ") + e.getMessage())
        : (IOException) e;
  }

  /** The decompressors tell of damage by many kinds of exceptions. */
  private static final class Decompressed extends FilterInputStream {
    private final Compression kind;

    Decompressed(InputStream in, Compression kind) {
      super(in);
      this.kind = kind;
    }

    @Override
    public int read() throws IOException {
      try {
        return super.read();
      } catch (IOException | RuntimeException e) {
        throw damaged(kind, e);
      }
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      try {
        return super.read(buffer, offset, length);
      } catch (IOException | RuntimeException e) {
        throw damaged(kind, e);
      }
    }

    @Override
    public long skip(long n) throws IOException {
      try {
        return super.skip(n);
      } catch (IOException | RuntimeException e) {
        throw damaged(kind, e);
      }
    }
  }

  static Optional<Compression> of(byte[] magic) {
    if (begins(magic, 0x1f, 0x8b)) {
      return Optional.of(GZIP);
    }
    if (ZstdInputStream.isZstd(magic)) {
      return Optional.of(ZSTD);
    }
    if (begins(magic, 'B', 'Z', 'h')) {
      return Optional.of(BZIP2);
    }
    return begins(magic, 0xfd, '7', 'z', 'X', 'Z', 0) ? Optional.of(XZ) : Optional.empty();
  }

  /** What people take for an archive of an image, but is none that is read here. */
  private static Optional<String> foreign(byte[] magic) {
    if (begins(magic, 0x04, 0x22, 0x4d, 0x18)) {
      return Optional.of("compressed with lz4");
    }
    if (begins(magic, 'P', 'K', 3, 4)) {
      return Optional.of("a zip archive");
    }
    if (begins(magic, 'h', 's', 'q', 's')) {
      return Optional.of("a squashfs image");
    }
    if (begins(magic, 'Q', 'F', 'I', 0xfb)) {
      return Optional.of("a qcow2 disk");
    }
    return begins(magic, 0x7f, 'E', 'L', 'F') ? Optional.of("a program") : Optional.empty();
  }

  private static boolean begins(byte[] bytes, int... magic) {
    if (bytes.length < magic.length) {
      return false;
    }
    for (int i = 0; i < magic.length; i++) {
      if ((bytes[i] & 0xff) != magic[i]) {
        return false;
      }
    }
    return true;
  }

  @Override
  public String toString() {
    return word;
  }
}
