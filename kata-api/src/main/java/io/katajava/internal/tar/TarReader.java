package io.katajava.internal.tar;

import io.katajava.internal.tree.BytePath;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Reads an archive that nobody has checked: every length has a limit, every number is looked at.
 */
public final class TarReader {
  /** Names, and pax headers with them, beyond this are nothing that a file system has. */
  private static final long MAX_HEADER = 64 << 10;

  private static final String CUT = "malformed archive: it ends within a file";
  private static final long NO_ID = 0xffff_ffffL;

  private final Source in;
  private final Deque<Segment> segments = new ArrayDeque<>();
  private long left;
  private int padding;
  private long position;
  private long size;

  /**
   * Begins an archive.
   *
   * @param in the archive, not closed
   */
  public TarReader(InputStream in) {
    this.in = new Source(in);
  }

  /** Remembers that it failed: then no entry can be the reason. */
  private static final class Source extends FilterInputStream {
    private boolean failed;

    Source(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      failed = true;
      int n = super.read(buffer, offset, length);
      // One that ends too early fails with whoever asks for more.
      failed = n < 0;
      return n;
    }

    @Override
    public long skip(long count) throws IOException {
      failed = true;
      long skipped = super.skip(count);
      failed = false;
      return skipped;
    }
  }

  /** Whether the archive itself has failed or ended. */
  boolean isOver() {
    return in.failed;
  }

  /**
   * The next entry; content of the one before that was not read is skipped.
   *
   * @return the entry, or null at the end
   * @throws IOException if the archive is malformed or cannot be read
   */
  public @Nullable TarEntry next() throws IOException {
    Map<String, String> more = new HashMap<>();
    while (true) {
      skipRest();
      byte[] header = in.readNBytes(TarWriter.BLOCK);
      if (header.length == 0) {
        return null;
      }
      if (header.length < TarWriter.BLOCK) {
        throw new EOFException("malformed archive: it ends within a header");
      }
      if (Arrays.equals(header, new byte[TarWriter.BLOCK])) {
        in.transferTo(java.io.OutputStream.nullOutputStream());
        return null;
      }
      if (number(header, 148, 8) != TarWriter.checksum(header)) {
        throw malformed("a checksum is wrong");
      }
      long size = number(header, 124, 12);
      switch (header[156]) {
        case 'x' -> pax(text(size), more);
        case 'g' -> text(size);
        case 'L' -> more.put("path", untilNul(text(size), 0, (int) size));
        case 'K' -> more.put("linkpath", untilNul(text(size), 0, (int) size));
        default -> {
          return entry(header, size, more);
        }
      }
    }
  }

  private TarEntry entry(byte[] header, long size, Map<String, String> more) throws IOException {
    TarEntry.Type type = TarEntry.Type.of(header[156]);
    String name = untilNul(header, 0, 100);
    // Bytes are kept as characters of the same number until they are names.
    boolean ustar = new String(header, 257, 6, StandardCharsets.ISO_8859_1).equals("ustar\0");
    String prefix = ustar ? untilNul(header, 345, 155) : "";
    String size2 = more.get("size");
    left = size2 == null ? size : decimal(size2);
    if (type != TarEntry.Type.FILE && type != TarEntry.Type.OTHER) {
      left = 0;
    }
    padding = TarWriter.padding(left);
    position = 0;
    this.size = left;
    segments.clear();
    String shown =
        Objects.requireNonNullElse(more.get("path"), prefix.isEmpty() ? name : prefix + "/" + name);
    if (type == TarEntry.Type.FILE && more.keySet().stream().anyMatch(TarReader::isSparse)) {
      shown = sparse(more);
    } else if (left > 0) {
      segments.add(new Segment(0, left));
    }
    String mtime = more.get("mtime");
    return new TarEntry(
        path(shown),
        type,
        (int) number(header, 100, 8) & 07777,
        id(more.get("uid"), number(header, 108, 8)),
        id(more.get("gid"), number(header, 116, 8)),
        this.size,
        mtime == null ? time(header) : time(mtime),
        path(Objects.requireNonNullElse(more.get("linkpath"), untilNul(header, 157, 100))));
  }

  private static BytePath path(String bytes) {
    return BytePath.of(bytes.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static long id(@Nullable String text, long otherwise) throws IOException {
    long id = text == null ? otherwise : decimal(text);
    // The last one means nobody to the kernel: as an argument it leaves the owner as it is.
    if (id >= NO_ID) {
      throw malformed("an owner");
    }
    return id;
  }

  /** Seconds; those before 1970 are in GNU's binary form, as the only numbers that are negative. */
  private static Instant time(byte[] header) throws IOException {
    if (header[136] == (byte) 0xff) {
      return time(Long.toString(ByteBuffer.wrap(header, 140, 8).getLong()));
    }
    return time(Long.toString(number(header, 136, 12)));
  }

  /** Seconds with a fraction, also before 1970. */
  private static Instant time(String text) throws IOException {
    if (!text.matches("-?\\d{1,12}(\\.\\d{1,40})?")) {
      throw malformed("a time");
    }
    BigDecimal seconds = new BigDecimal(text).setScale(9, RoundingMode.FLOOR);
    long whole = seconds.setScale(0, RoundingMode.FLOOR).longValueExact();
    BigDecimal fraction = seconds.subtract(BigDecimal.valueOf(whole));
    return Instant.ofEpochSecond(whole, fraction.unscaledValue().longValueExact());
  }

  private static boolean isSparse(String key) {
    return key.startsWith("GNU.sparse.");
  }

  /** Reads the map of a file with holes, which has to describe what follows; its name. */
  private String sparse(Map<String, String> more) throws IOException {
    String name = more.get("GNU.sparse.name");
    String real = more.get("GNU.sparse.realsize");
    if (!"1".equals(more.get("GNU.sparse.major"))
        || !"0".equals(more.get("GNU.sparse.minor"))
        || name == null
        || real == null) {
      throw malformed("a sparse file of another format");
    }
    size = decimal(real);
    long count = mapLine();
    if (count > Segment.MOST + 1) {
      throw malformed("a sparse map is too long");
    }
    long end = 0;
    long data = 0;
    for (long i = 0; i < count; i++) {
      Segment segment = new Segment(mapLine(), mapLine());
      if (segment.offset() < end || segment.length() > size - segment.offset()) {
        throw malformed("a sparse map");
      }
      end = segment.end();
      data += segment.length();
      if (segment.length() > 0) {
        segments.add(segment);
      }
    }
    // The rest of the map's last block.
    long rest = Math.floorMod(left - data, TarWriter.BLOCK);
    in.skipNBytes(rest);
    left -= rest;
    if (data != left) {
      throw malformed("a sparse map does not fit its content");
    }
    return name;
  }

  private long mapLine() throws IOException {
    StringBuilder digits = new StringBuilder();
    while (left > 0 && digits.length() < 19) {
      int c = in.read();
      left--;
      if (c == '\n') {
        return decimal(digits.toString());
      }
      digits.append((char) c);
    }
    throw malformed("a sparse map");
  }

  /**
   * Passes over the zeros that the archive leaves out, up to the next data or the end of the entry.
   *
   * @return how many there are, 0 where data is next
   */
  public long skipHole() {
    Segment next = segments.peek();
    long to = next == null ? size : Math.max(position, next.offset());
    long hole = to - position;
    position = to;
    return hole;
  }

  /**
   * Reads the current entry's content, zeros that the archive leaves out included.
   *
   * @param buffer takes it
   * @return how much was read, -1 at the end of the entry
   * @throws IOException if the archive ends before
   */
  public int read(byte[] buffer) throws IOException {
    if (position == size) {
      return -1;
    }
    Segment segment = segments.peek();
    if (segment == null || position < segment.offset()) {
      long hole = (segment == null ? size : segment.offset()) - position;
      int zeros = (int) Math.min(buffer.length, hole);
      Arrays.fill(buffer, 0, zeros, (byte) 0);
      position += zeros;
      return zeros;
    }
    int n = in.read(buffer, 0, (int) Math.min(buffer.length, segment.end() - position));
    if (n < 0) {
      throw new EOFException(CUT);
    }
    left -= n;
    position += n;
    if (position == segment.end()) {
      segments.remove();
    }
    return n;
  }

  private void skipRest() throws IOException {
    try {
      in.skipNBytes(left + padding);
    } catch (EOFException e) {
      throw (EOFException) new EOFException(CUT).initCause(e);
    }
    left = 0;
    padding = 0;
  }

  private byte[] text(long size) throws IOException {
    if (size < 0 || size > MAX_HEADER) {
      throw malformed("a header is too long");
    }
    byte[] text = in.readNBytes((int) size);
    if (text.length < size) {
      throw new EOFException("malformed archive: it ends within a header");
    }
    in.skipNBytes(TarWriter.padding(size));
    return text;
  }

  private static void pax(byte[] text, Map<String, String> values) throws IOException {
    int at = 0;
    while (at < text.length) {
      int space = at;
      while (space < text.length && text[space] != ' ') {
        space++;
      }
      long length = decimal(new String(text, at, space - at, StandardCharsets.ISO_8859_1));
      if (length <= space - at + 1 || length > text.length - at) {
        throw malformed("a pax header");
      }
      String record =
          new String(text, space + 1, (int) length - (space - at) - 2, StandardCharsets.ISO_8859_1);
      int equals = record.indexOf('=');
      if (equals < 0) {
        throw malformed("a pax header");
      }
      values.put(record.substring(0, equals), record.substring(equals + 1));
      at += (int) length;
    }
  }

  private static long decimal(String text) throws IOException {
    if (!text.matches("\\d{1,18}")) {
      throw malformed("'" + text + "' is no number");
    }
    return Long.parseLong(text);
  }

  private static long number(byte[] header, int at, int length) throws IOException {
    if ((header[at] & 0x80) != 0) {
      long value = header[at] & 0x7f;
      for (int i = at + 1; i < at + length; i++) {
        if (value > Long.MAX_VALUE >> 8) {
          throw malformed("a number is too large");
        }
        value = value << 8 | (header[i] & 0xff);
      }
      return value;
    }
    String text =
        new String(header, at, length, StandardCharsets.ISO_8859_1).replace('\0', ' ').strip();
    if (text.isEmpty()) {
      return 0;
    }
    if (!text.matches("[0-7]{1,12}")) {
      throw malformed("a number");
    }
    return Long.parseLong(text, 8);
  }

  private static String untilNul(byte[] bytes, int at, int most) {
    int end = at;
    while (end < at + most && bytes[end] != 0) {
      end++;
    }
    return new String(bytes, at, end - at, StandardCharsets.ISO_8859_1);
  }

  private static IOException malformed(String what) {
    return new IOException("malformed archive: " + what);
  }
}
