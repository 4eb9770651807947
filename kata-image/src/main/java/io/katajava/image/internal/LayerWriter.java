package io.katajava.image.internal;

import io.katajava.image.internal.TarEntry.Kind;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;

/** Writes ustar with pax headers where a value does not fit (POSIX.1-2017, pax). */
public final class TarWriter {
  private static final int BLOCK = TarReader.BLOCK;
  private static final byte[] ZEROS = new byte[2 * BLOCK];
  private static final long OCTAL_11 = 0x1_ffff_ffffL;
  private static final long OCTAL_7 = 0x1f_ffffL;

  private final OutputStream out;
  private long owed;
  private int padding;

  TarWriter(OutputStream out) {
    this.out = out;
  }

  /** Begins an entry; {@code size} bytes of content must follow. */
  void entry(TarEntry entry) throws IOException {
    if (owed != 0) {
      throw new IllegalStateException(owed + " bytes of the entry before are missing");
    }
    String path = entry.path().isEmpty() ? "./" : entry.path();
    String extended = extended(entry, path);
    if (!extended.isEmpty()) {
      byte[] content = extended.getBytes(StandardCharsets.ISO_8859_1);
      out.write(header("pax", 'x', 0644, 0, 0, content.length, 0, "", 0, 0));
      out.write(content);
      out.write(ZEROS, 0, pad(content.length));
    }
    out.write(
        header(
            cut(path),
            entry.kind().flag,
            entry.mode(),
            Math.min(entry.uid(), OCTAL_7),
            Math.min(entry.gid(), OCTAL_7),
            Math.min(entry.size(), OCTAL_11),
            Math.min(entry.mtime(), OCTAL_11),
            cut(entry.link()),
            entry.major(),
            entry.minor()));
    owed = entry.kind() == Kind.FILE ? entry.size() : 0;
    padding = pad(owed);
  }

  void content(byte[] bytes, int count) throws IOException {
    if (count > owed) {
      throw new IllegalStateException("more content than announced");
    }
    out.write(bytes, 0, count);
    owed -= count;
    if (owed == 0) {
      out.write(ZEROS, 0, padding);
      padding = 0;
    }
  }

  /** Writes the end; the stream stays open. */
  void finish() throws IOException {
    out.write(ZEROS);
    out.flush();
  }

  private static String extended(TarEntry entry, String path) {
    StringBuilder pax = new StringBuilder();
    if (path.length() > 100) {
      record(pax, "path", path);
    }
    if (entry.link().length() > 100) {
      record(pax, "linkpath", entry.link());
    }
    if (entry.size() > OCTAL_11) {
      record(pax, "size", Long.toString(entry.size()));
    }
    if (entry.uid() > OCTAL_7) {
      record(pax, "uid", Long.toString(entry.uid()));
    }
    if (entry.gid() > OCTAL_7) {
      record(pax, "gid", Long.toString(entry.gid()));
    }
    for (Map.Entry<String, String> xattr : entry.xattrs().entrySet()) {
      record(pax, "SCHILY.xattr." + xattr.getKey(), xattr.getValue());
    }
    return pax.toString();
  }

  /** The length counts its own digits. */
  private static void record(StringBuilder pax, String key, String value) {
    int rest = key.length() + value.length() + 3;
    int length = rest + Integer.toString(rest).length();
    if (Integer.toString(length).length() > Integer.toString(rest).length()) {
      length = rest + Integer.toString(length).length();
    }
    pax.append(length).append(' ').append(key).append('=').append(value).append('\n');
  }

  private static byte[] header(
      String name,
      char flag,
      int mode,
      long uid,
      long gid,
      long size,
      long mtime,
      String link,
      int major,
      int minor) {
    byte[] block = new byte[BLOCK];
    put(block, 0, name);
    octal(block, 100, 7, mode);
    octal(block, 108, 7, uid);
    octal(block, 116, 7, gid);
    octal(block, 124, 11, size);
    octal(block, 136, 11, mtime);
    Arrays.fill(block, 148, 156, (byte) ' ');
    block[156] = (byte) flag;
    put(block, 157, link);
    put(block, 257, "ustar\0" + "00");
    octal(block, 329, 7, major);
    octal(block, 337, 7, minor);
    long sum = 0;
    for (byte b : block) {
      sum += b & 0xff;
    }
    octal(block, 148, 6, sum);
    block[154] = 0;
    block[155] = ' ';
    return block;
  }

  private static void put(byte[] block, int at, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    System.arraycopy(bytes, 0, block, at, bytes.length);
  }

  private static void octal(byte[] block, int at, int digits, long value) {
    long rest = value;
    for (int i = at + digits - 1; i >= at; i--) {
      block[i] = (byte) ('0' + (rest & 7));
      rest >>= 3;
    }
  }

  private static String cut(String text) {
    return text.length() <= 100 ? text : text.substring(0, 100);
  }

  private static int pad(long size) {
    return (int) ((BLOCK - size % BLOCK) % BLOCK);
  }
}
