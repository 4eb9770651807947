package io.katajava.internal.tar;

import io.katajava.internal.tree.BytePath;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Writes an archive: POSIX ustar, with pax headers where that is too small. */
public final class TarWriter {
  static final int BLOCK = 512;
  private static final int NAME = 100;
  private static final String XATTR = "SCHILY.xattr.";

  /** Who reads no pax headers sees a file of this name. */
  private static final TarEntry EXTRA =
      new TarEntry(BytePath.of("pax"), TarEntry.Type.FILE, 0644, 0, Instant.EPOCH);

  private static final long MAX_ID = 07777777;
  private static final long MAX_SIZE = 077777777777L;

  private final OutputStream out;
  private long owed;
  private long whole;

  /**
   * Begins an archive.
   *
   * @param out where it goes, not closed
   */
  public TarWriter(OutputStream out) {
    this.out = out;
  }

  /**
   * Writes an entry's header.
   *
   * @param entry the entry; {@link #content} must follow if it has a size
   * @throws IOException if it cannot be written
   */
  public void entry(TarEntry entry) throws IOException {
    entry(entry, new ByteArrayOutputStream());
  }

  /**
   * Writes the header and map of a file with holes, in the format that GNU tar calls PAX 1.0: a pax
   * header has the real name and size, and the content begins with the number of pieces and each
   * one's offset and length, a line each, filled up to a block.
   *
   * @param entry the entry, with the size of the whole file
   * @param segments its data, whose content must follow in one go
   * @throws IOException if it cannot be written
   */
  public void sparse(TarEntry entry, List<Segment> segments) throws IOException {
    List<Segment> all = new ArrayList<>(segments);
    if (all.isEmpty() || all.get(all.size() - 1).end() < entry.size()) {
      // GNU tar takes the end of the last piece for the end of the file.
      all.add(new Segment(entry.size(), 0));
    }
    StringBuilder map = new StringBuilder().append(all.size()).append('\n');
    long data = 0;
    for (Segment segment : all) {
      map.append(segment.offset()).append('\n').append(segment.length()).append('\n');
      data += segment.length();
    }
    ByteArrayOutputStream pax = new ByteArrayOutputStream();
    record(pax, "GNU.sparse.major", "1");
    record(pax, "GNU.sparse.minor", "0");
    record(pax, "GNU.sparse.name", entry.name().bytes());
    record(pax, "GNU.sparse.realsize", Long.toString(entry.size()));
    // What a reader sees that does not know of holes.
    List<BytePath> parts = entry.name().parts();
    BytePath name = BytePath.of("GNUSparseFile.0").resolve(parts.get(parts.size() - 1));
    entry(entry.named(name).sized(map.length() + padding(map.length()) + data), pax);
    out.write(bytes(map.toString()));
    pad(map.length());
  }

  private void entry(TarEntry entry, ByteArrayOutputStream pax) throws IOException {
    if (owed != 0) {
      throw new IllegalStateException(owed + " bytes of the entry before are missing");
    }
    if (entry.name().length() > NAME) {
      record(pax, "path", entry.name().bytes());
    }
    if (entry.link().length() > NAME) {
      record(pax, "linkpath", entry.link().bytes());
    }
    if (entry.size() > MAX_SIZE) {
      record(pax, "size", Long.toString(entry.size()));
    }
    if (entry.uid() > MAX_ID) {
      record(pax, "uid", Long.toString(entry.uid()));
    }
    if (entry.gid() > MAX_ID) {
      record(pax, "gid", Long.toString(entry.gid()));
    }
    long modified = entry.modified().getEpochSecond();
    if (modified < 0 || modified > MAX_SIZE) {
      record(pax, "mtime", Long.toString(modified));
    }
    for (Map.Entry<String, String> xattr : entry.xattrs().entrySet()) {
      record(pax, XATTR + xattr.getKey(), xattr.getValue().getBytes(StandardCharsets.ISO_8859_1));
    }
    if (pax.size() > 0) {
      byte[] text = pax.toByteArray();
      out.write(header('x', EXTRA, text.length));
      out.write(text);
      pad(text.length);
    }
    out.write(header(entry.type().flag(), entry, entry.size()));
    owed = entry.type() == TarEntry.Type.FILE ? entry.size() : 0;
    whole = owed;
  }

  /**
   * Writes a part of an entry's content.
   *
   * @param bytes where it is
   * @param count how much of it
   * @throws IOException if it cannot be written
   */
  public void content(byte[] bytes, int count) throws IOException {
    if (count == 0) {
      return;
    }
    if (count > owed) {
      throw new IllegalStateException("more content than announced");
    }
    out.write(bytes, 0, count);
    owed -= count;
    if (owed == 0) {
      pad(whole);
    }
  }

  /**
   * Writes an entry's content.
   *
   * @param content what is in it
   * @param size as in the entry
   * @throws IOException if the content is shorter or something fails
   */
  public void content(InputStream content, long size) throws IOException {
    byte[] buffer = new byte[64 << 10];
    long left = size;
    while (left > 0) {
      int n = content.read(buffer, 0, (int) Math.min(buffer.length, left));
      if (n < 0) {
        throw new IOException("it became " + left + " bytes shorter while it was read");
      }
      out.write(buffer, 0, n);
      left -= n;
    }
    pad(size);
    owed = 0;
  }

  /**
   * Ends the archive.
   *
   * @throws IOException if it cannot be written
   */
  public void finish() throws IOException {
    out.write(new byte[2 * BLOCK]);
    out.flush();
  }

  private void pad(long size) throws IOException {
    out.write(new byte[padding(size)]);
  }

  static int padding(long size) {
    return (int) ((BLOCK - size % BLOCK) % BLOCK);
  }

  private static byte[] header(char flag, TarEntry entry, long size) {
    byte[] header = new byte[BLOCK];
    long modified = entry.modified().getEpochSecond();
    put(header, 0, NAME, entry.name().bytes());
    put(header, 100, 8, octal(entry.mode() & 07777, 7));
    put(header, 108, 8, octal(Math.min(entry.uid(), MAX_ID), 7));
    put(header, 116, 8, octal(Math.min(entry.gid(), MAX_ID), 7));
    put(header, 124, 12, octal(Math.min(size, MAX_SIZE), 11));
    put(header, 136, 12, octal(Math.max(0, Math.min(modified, MAX_SIZE)), 11));
    header[156] = (byte) flag;
    put(header, 157, NAME, entry.link().bytes());
    put(header, 257, 8, "ustar\0" + "00");
    put(header, 329, 8, octal(entry.major(), 7));
    put(header, 337, 8, octal(entry.minor(), 7));
    put(header, 148, 8, octal(checksum(header), 6) + "\0 ");
    return header;
  }

  static long checksum(byte[] header) {
    long sum = 0;
    for (int i = 0; i < BLOCK; i++) {
      sum += i >= 148 && i < 156 ? ' ' : header[i] & 0xff;
    }
    return sum;
  }

  private static String octal(long value, int digits) {
    String text = Long.toOctalString(value);
    return "0".repeat(Math.max(0, digits - text.length())) + text;
  }

  private static void put(byte[] header, int at, int most, String text) {
    put(header, at, most, bytes(text));
  }

  private static void put(byte[] header, int at, int most, byte[] bytes) {
    System.arraycopy(bytes, 0, header, at, Math.min(most, bytes.length));
  }

  private static void record(ByteArrayOutputStream pax, String key, String value) {
    record(pax, key, bytes(value));
  }

  private static void record(ByteArrayOutputStream pax, String key, byte[] value) {
    // The length counts its own digits.
    int rest = bytes(key).length + value.length + 3;
    int length = rest + 1;
    while (rest + Integer.toString(length).length() != length) {
      length = rest + Integer.toString(length).length();
    }
    pax.writeBytes(bytes(length + " " + key + "="));
    pax.writeBytes(value);
    pax.write('\n');
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
