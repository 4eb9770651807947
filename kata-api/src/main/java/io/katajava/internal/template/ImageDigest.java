package io.katajava.internal.template;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.CRC32C;

/**
 * What a file holds.
 *
 * @param sha256 of its pages that are not all zero, each with its number before it: a guest's
 *     memory is mostly holes
 * @param size in bytes
 * @param used bytes of the pages that are not all zero
 */
record ImageDigest(String sha256, long size, long used) {
  private static final int PAGE = 4096;
  private static final int CHUNK = 256 * PAGE;

  static ImageDigest of(Path file) throws IOException {
    MessageDigest digest = newSha256();
    byte[] zero = new byte[PAGE];
    byte[] chunk = new byte[CHUNK];
    ByteBuffer number = ByteBuffer.allocate(Long.BYTES);
    long size = 0;
    long used = 0;
    try (FileChannel channel = FileChannel.open(file)) {
      for (int read = fill(channel, chunk); read > 0; read = fill(channel, chunk)) {
        for (int at = 0; at < read; at += PAGE) {
          int end = Math.min(at + PAGE, read);
          if (Arrays.mismatch(chunk, at, end, zero, 0, end - at) >= 0) {
            digest.update(number.putLong(0, size + at).array());
            digest.update(chunk, at, end - at);
            used += end - at;
          }
        }
        size += read;
      }
    }
    digest.update(number.putLong(0, size).array());
    return new ImageDigest(HexFormat.of().formatHex(digest.digest()), size, used);
  }

  private static int fill(FileChannel channel, byte[] chunk) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(chunk);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer) < 0) {
        break;
      }
    }
    return buffer.position();
  }

  /** Cheap enough for every start: an instruction of the processor, even before the JIT. */
  static long crc32c(Path file) throws IOException {
    CRC32C crc = new CRC32C();
    byte[] chunk = new byte[CHUNK];
    try (FileChannel channel = FileChannel.open(file)) {
      for (int read = fill(channel, chunk); read > 0; read = fill(channel, chunk)) {
        crc.update(chunk, 0, read);
      }
    }
    return crc.getValue();
  }

  private static MessageDigest newSha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }
}
