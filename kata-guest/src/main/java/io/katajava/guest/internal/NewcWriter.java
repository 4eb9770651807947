package io.katajava.guest.internal;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/**
 * Writes a cpio archive in the {@code newc} format the kernel unpacks as initramfs.
 *
 * <p>Every field that could differ between two builds of the same content (inode, owner, time) is
 * fixed, so equal content gives equal bytes. Format: Documentation/driver-api/early-userspace/
 * buffer-format.rst of the kernel.
 */
final class NewcWriter {
  static final int DIRECTORY = 0040000;
  static final int REGULAR = 0100000;
  static final int SYMLINK = 0120000;
  static final int CHARACTER_DEVICE = 0020000;

  private static final long MAX_FILE = 0xFFFF_FFFFL;
  private static final String TRAILER = "TRAILER!!!";
  private static final HexFormat HEX = HexFormat.of().withUpperCase();

  private final OutputStream out;
  private long written;
  private int inode;

  NewcWriter(OutputStream out) {
    this.out = out;
  }

  void directory(String path, int permissions) throws IOException {
    header(path, DIRECTORY | permissions, 2, 0, 0, 0);
  }

  void symlink(String path, String target) throws IOException {
    byte[] bytes = target.getBytes(StandardCharsets.UTF_8);
    header(path, SYMLINK | 0777, 1, bytes.length, 0, 0);
    write(bytes);
    pad();
  }

  void characterDevice(String path, int permissions, int major, int minor) throws IOException {
    header(path, CHARACTER_DEVICE | permissions, 1, 0, major, minor);
  }

  void file(String path, int permissions, byte[] content) throws IOException {
    header(path, REGULAR | permissions, 1, content.length, 0, 0);
    write(content);
    pad();
  }

  /** Writes a file of exactly {@code size} bytes; fails when the stream has more or fewer. */
  void file(String path, int permissions, long size, InputStream content) throws IOException {
    header(path, REGULAR | permissions, 1, size, 0, 0);
    long copied = 0;
    byte[] buffer = new byte[1 << 16];
    for (int n = content.read(buffer); n >= 0; n = content.read(buffer)) {
      out.write(buffer, 0, n);
      copied += n;
    }
    if (copied != size) {
      throw new IOException(
          path + " changed while it was read: " + size + " bytes announced, " + copied + " read");
    }
    written += copied;
    pad();
  }

  /** Ends the archive; the stream stays open. */
  void finish() throws IOException {
    inode = -1;
    header(TRAILER, 0, 1, 0, 0, 0);
    // Whole 512-byte blocks, as cpio(1) writes them.
    write(new byte[(int) (-written & 511)]);
  }

  private void header(String path, int mode, int links, long size, int major, int minor)
      throws IOException {
    if (size > MAX_FILE) {
      throw new IOException(
          path + " has " + size + " bytes, but a newc archive takes at most " + MAX_FILE);
    }
    byte[] name = path.getBytes(StandardCharsets.UTF_8);
    if (path.isEmpty() || path.startsWith("/") || path.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("not a relative archive path: '" + path + "'");
    }
    long[] fields = {++inode, mode, 0, 0, links, 0, size, 0, 0, major, minor, name.length + 1, 0};
    StringBuilder text = new StringBuilder(110).append("070701");
    for (long field : fields) {
      text.append(HEX.toHexDigits(field, 8));
    }
    write(text.toString().getBytes(StandardCharsets.US_ASCII));
    write(name);
    write(new byte[1]);
    pad();
  }

  private void write(byte[] bytes) throws IOException {
    out.write(bytes);
    written += bytes.length;
  }

  private void pad() throws IOException {
    write(new byte[(int) (-written & 3)]);
  }
}
