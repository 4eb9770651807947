package io.katajava.guest.internal;

import io.katajava.base.text.PrintableText;
import io.katajava.compress.UnreadableFormatException;
import io.katajava.compress.ZstdInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.compressors.lz4.BlockLZ4CompressorInputStream;
import org.tukaani.xz.SingleXZInputStream;

/**
 * A kernel image as distributions ship it, and the vmlinux inside.
 *
 * <p>A bzImage carries vmlinux compressed and unpacks it in the guest, which under TCG takes about
 * 0.3 s; QEMU enters an uncompressed vmlinux directly when it has the PVH note. Layout of the
 * header: Documentation/arch/x86/boot.rst of the kernel.
 */
final class KernelImage {
  private static final int MAX_VMLINUX = 512 << 20;
  private static final int LZ4_LEGACY_BLOCK = 8 << 20;
  private static final byte[] LINUX_VERSION = "Linux version ".getBytes(StandardCharsets.US_ASCII);

  private final byte[] bytes;
  private final ByteBuffer data;
  private final String name;

  KernelImage(byte[] bytes, String name) {
    this.bytes = bytes;
    this.data = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    this.name = name;
  }

  boolean isVmlinux() {
    return Elf.isElf(bytes);
  }

  /** Whether it has the x86 boot protocol's header with a payload (2.08 and later). */
  boolean isBzImage() {
    return bytes.length > 0x268
        && data.getInt(0x202) == 0x53726448
        && (data.getShort(0x206) & 0xffff) >= 0x208;
  }

  /** Whether it is arm64's Image or a compressed one, which QEMU takes as they are. */
  boolean isArm64Image() {
    return bytes.length > 64 && data.getInt(56) == 0x644d5241;
  }

  /** What {@code uname -r} will say, when the image tells. */
  Optional<String> release() {
    if (isBzImage()) {
      int at = (data.getShort(0x20e) & 0xffff) + 0x200;
      return at == 0x200 || at >= bytes.length ? Optional.empty() : word(at);
    }
    for (int i = 0; i < bytes.length - LINUX_VERSION.length; i++) {
      if (bytes[i] == 'L'
          && Arrays.equals(
              bytes, i, i + LINUX_VERSION.length, LINUX_VERSION, 0, LINUX_VERSION.length)) {
        Optional<String> release = word(i + LINUX_VERSION.length);
        if (release.isPresent() && Character.isDigit(release.get().charAt(0))) {
          return release;
        }
      }
    }
    return Optional.empty();
  }

  /** A file that ends before the kernel does: nothing boots it. */
  static final class CutOff extends IOException {
    private static final long serialVersionUID = 1;

    CutOff(String message) {
      super(PrintableText.lines(message));
    }
  }

  /**
   * Unpacks the vmlinux of a bzImage.
   *
   * @throws CutOff when the file is not all there
   * @throws IOException when it cannot be unpacked here, whether it is damaged, or of a compression
   *     that is not gzip, xz, zstd or lz4
   */
  byte[] vmlinux() throws IOException {
    if (!isBzImage()) {
      throw new IOException(name + " is not a bzImage");
    }
    int setupSectors = bytes[0x1f1] == 0 ? 4 : bytes[0x1f1] & 0xff;
    long from = (setupSectors + 1) * 512L + (data.getInt(0x248) & 0xffff_ffffL);
    long size = data.getInt(0x24c) & 0xffff_ffffL;
    if (from + size > bytes.length) {
      throw new CutOff(name + " is truncated: its payload leads outside the file");
    }
    if (size < 8) {
      throw new IOException(name + " has no payload");
    }
    byte[] payload = Arrays.copyOfRange(bytes, (int) from, (int) (from + size));
    // The build appends the unpacked size; in gzip it is the format's own trailer.
    int unpacked =
        ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN).getInt(payload.length - 4);
    if (unpacked <= 0 || unpacked > MAX_VMLINUX) {
      throw new IOException(
          name + " says that it unpacks to " + Integer.toUnsignedString(unpacked) + " bytes");
    }
    byte[] elf;
    try {
      elf = unpack(payload, unpacked);
    } catch (OutOfMemoryError e) {
      // Of an array of this size; what is here needs little.
      throw new UnreadableFormatException(
          name + " cannot be unpacked: Java's heap has no room for its " + unpacked + " bytes", e);
    } catch (IOException | RuntimeException e) {
      // The decoders report damage by unchecked exceptions as well.
      throw new IOException(name + " cannot be unpacked: " + e.getMessage(), e);
    }
    if (elf.length != unpacked || !Elf.isElf(elf)) {
      throw new IOException(name + " does not contain a complete vmlinux");
    }
    return elf;
  }

  private static byte[] unpack(byte[] payload, int unpacked) throws IOException {
    int magic = ByteBuffer.wrap(payload).getInt();
    if (magic >>> 16 == 0x1f8b) {
      return readAll(new GZIPInputStream(new ByteArrayInputStream(payload)), unpacked);
    }
    return switch (magic) {
      case 0xfd377a58 ->
          readAll(new SingleXZInputStream(new ByteArrayInputStream(payload)), unpacked);
      case 0x28b52ffd ->
          readAll(
              new ZstdInputStream(new ByteArrayInputStream(payload, 0, payload.length - 4)),
              unpacked);
      case 0x02214c18 -> unpackLz4(payload, unpacked);
      default ->
          throw new UnreadableFormatException(
              "its compression (magic " + Integer.toHexString(magic) + ") is unknown");
    };
  }

  /** Legacy lz4 frames, as the kernel's build makes them: magic, then blocks of at most 8 MiB. */
  private static byte[] unpackLz4(byte[] payload, int unpacked) throws IOException {
    ByteBuffer in = ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN).position(4);
    byte[] out = new byte[unpacked];
    int at = 0;
    while (at < unpacked) {
      int size = in.remaining() < 4 ? -1 : in.getInt();
      if (size <= 0 || size > in.remaining()) {
        throw new IOException("an lz4 block leads outside the payload");
      }
      int room = Math.min(LZ4_LEGACY_BLOCK, unpacked - at);
      try (InputStream block =
          new BlockLZ4CompressorInputStream(
              new ByteArrayInputStream(payload, in.position(), size))) {
        int count = block.readNBytes(out, at, room);
        if (count == 0) {
          throw new IOException("an lz4 block is empty");
        }
        at += count;
      }
      in.position(in.position() + size);
    }
    return out;
  }

  /** Into one array of the size that is known: a kernel twice is much for a small heap. */
  private static byte[] readAll(InputStream in, int size) throws IOException {
    try (in) {
      byte[] out = new byte[size];
      int count = in.readNBytes(out, 0, size);
      return count == size ? out : Arrays.copyOf(out, count);
    }
  }

  private Optional<String> word(int from) {
    int end = from;
    while (end < bytes.length && end - from < 128 && bytes[end] > ' ') {
      end++;
    }
    return end == from
        ? Optional.empty()
        : Optional.of(new String(bytes, from, end - from, StandardCharsets.US_ASCII));
  }
}
