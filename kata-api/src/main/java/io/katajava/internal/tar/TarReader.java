package io.katajava.internal.tar;

import io.katajava.internal.tree.BytePath;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Reads an archive that nobody has checked: ustar with pax and GNU headers (POSIX.1-2017, pax),
 * files with holes in all the forms that GNU tar has had. Every length is checked before something
 * of that length is kept, and every number is looked at. Where names lead is for the caller to
 * check. While it is read, texts hold one byte a character (ISO 8859-1), because names in a file
 * system are bytes.
 */
public final class TarReader {
  /** Room for some 16 attributes of the largest size that Linux knows. */
  private static final int MAX_HEADER = 1 << 20;

  private static final String XATTR = "SCHILY.xattr.";
  private static final String SPARSE = "GNU.sparse.";
  private static final long NO_ID = 0xffff_ffffL;
  private static final int MAX_DEVICE = 0xfffff;

  private final Source in;
  private final byte[] block = new byte[TarWriter.BLOCK];
  private final TarHeader header = new TarHeader(block);
  private final byte[] skipped = new byte[1 << 14];
  private final Map<String, String> global = new LinkedHashMap<>();
  private long left;
  private int padding;
  private char flag;

  /** Of the current entry, when it has holes. */
  private @Nullable SparseContent sparse;

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
  }

  /** Whether the archive itself has failed or ended. */
  boolean isOver() {
    return in.failed;
  }

  /**
   * How the archive calls the kind of the current entry.
   *
   * @return the type flag
   */
  public char flag() {
    return flag;
  }

  /**
   * The next entry; content of the one before that was not read is skipped. After the last one the
   * stream is read to its end.
   *
   * @return the entry, or null at the end
   * @throws IOException if the archive is malformed or cannot be read
   */
  public @Nullable TarEntry next() throws IOException {
    skip(left + padding);
    left = 0;
    padding = 0;
    sparse = null;
    Map<String, String> more = new LinkedHashMap<>(global);
    while (true) {
      int count = in.readNBytes(block, 0, block.length);
      if (count == 0) {
        return null;
      }
      if (count < block.length) {
        throw new EOFException("the archive ends within a header");
      }
      if (header.isZero()) {
        // The end is two zero blocks; some writers stop after one, and anything may follow.
        in.transferTo(OutputStream.nullOutputStream());
        return null;
      }
      header.checkSum();
      flag = (char) (block[156] & 0xff);
      long size = header.number(124, 12);
      switch (flag) {
        // Solaris wrote X before the standard had x.
        case 'x', 'X' -> PaxRecords.parse(extended(size), more);
        case 'g' -> {
          PaxRecords.parse(extended(size), global);
          checkGlobal();
          more.putAll(global);
        }
        case 'L' -> more.putIfAbsent("path", text(extended(size)));
        case 'K' -> more.putIfAbsent("linkpath", text(extended(size)));
        // The archive's own name, which GNU tar writes with --label.
        case 'V' -> skip(size + TarWriter.padding(size));
        default -> {
          return entry(size, more);
        }
      }
    }
  }

  /** Each of them is small; together they are not to grow without end. */
  private void checkGlobal() throws IOException {
    long length = 0;
    for (Map.Entry<String, String> record : global.entrySet()) {
      length += record.getKey().length() + record.getValue().length();
    }
    if (length > MAX_HEADER) {
      throw malformed("global headers of " + length + " bytes; at most " + MAX_HEADER);
    }
  }

  private TarEntry entry(long plainSize, Map<String, String> more) throws IOException {
    String name = more.getOrDefault(SPARSE + "name", more.getOrDefault("path", header.name()));
    TarEntry.Type type =
        flag == '\0' && name.endsWith("/") ? TarEntry.Type.DIRECTORY : TarEntry.Type.of(flag);
    long size = more.containsKey("size") ? decimal("size", more.get("size")) : plainSize;
    if (size < 0) {
      throw malformed("entry " + MalformedArchiveException.readable(name) + " has a negative size");
    }
    // Others have no content, whatever their size field says: writers put a hard link's file's
    // there.
    left = type == TarEntry.Type.FILE || type == TarEntry.Type.OTHER ? size : 0;
    padding = TarWriter.padding(left);
    if (type == TarEntry.Type.FILE) {
      sparse = sparse(more, name);
    }
    return new TarEntry(
        path(name),
        type,
        (int) header.number(100, 8) & 07777,
        id("uid", more, 108),
        id("gid", more, 116),
        sparse != null ? sparse.size() : left,
        more.containsKey("mtime")
            ? time(Objects.requireNonNull(more.get("mtime")))
            : Instant.ofEpochSecond(clamped(header.number(136, 12))),
        path(more.getOrDefault("linkpath", header.field(157, 100))),
        device(type, 329),
        device(type, 337),
        xattrs(more));
  }

  private static BytePath path(String bytes) {
    return BytePath.of(bytes.getBytes(StandardCharsets.ISO_8859_1));
  }

  private long id(String key, Map<String, String> more, int at) throws IOException {
    long id = more.containsKey(key) ? decimal(key, more.get(key)) : header.number(at, 8);
    // The last one means nobody to the kernel: as an argument it leaves the owner as it is.
    if (id < 0 || id >= NO_ID) {
      throw malformed(key + " " + id + " is out of Linux's range");
    }
    return id;
  }

  private static long clamped(long seconds) {
    return Math.max(Instant.MIN.getEpochSecond(), Math.min(seconds, Instant.MAX.getEpochSecond()));
  }

  /** Seconds with a fraction, also before 1970. Some writers leave the 0 before the point out. */
  private static Instant time(String text) throws IOException {
    if (!text.matches("-?(\\d{1,12}(\\.\\d{0,40})?|\\.\\d{1,40})")) {
      throw malformed("a time '" + MalformedArchiveException.readable(text) + "' is no number");
    }
    BigDecimal seconds = new BigDecimal(text).setScale(9, RoundingMode.FLOOR);
    long whole = seconds.setScale(0, RoundingMode.FLOOR).longValueExact();
    BigDecimal fraction = seconds.subtract(BigDecimal.valueOf(whole));
    return Instant.ofEpochSecond(whole, fraction.unscaledValue().longValueExact());
  }

  private int device(TarEntry.Type type, int at) throws IOException {
    if (type != TarEntry.Type.CHARACTER && type != TarEntry.Type.BLOCK) {
      return 0;
    }
    long number = header.number(at, 8);
    if (number < 0 || number > MAX_DEVICE) {
      throw malformed("device number " + number + " is out of Linux's range");
    }
    return (int) number;
  }

  private static Map<String, String> xattrs(Map<String, String> more) {
    Map<String, String> xattrs = new LinkedHashMap<>();
    more.forEach(
        (key, value) -> {
          if (key.startsWith(XATTR)) {
            xattrs.put(key.substring(XATTR.length()), value);
          }
        });
    return xattrs;
  }

  /** The map of a file with holes: GNU tar's old form, and the three that pax headers have had. */
  private @Nullable SparseContent sparse(Map<String, String> more, String name) throws IOException {
    SparseContent map;
    if (flag == 'S') {
      map = oldSparse();
    } else if (more.containsKey(SPARSE + "major")) {
      if (!"1".equals(more.get(SPARSE + "major")) || !"0".equals(more.get(SPARSE + "minor"))) {
        throw malformed(
            "entry " + MalformedArchiveException.readable(name) + " is sparse in an unknown form");
      }
      map = new SparseContent(decimal(SPARSE + "realsize", more.get(SPARSE + "realsize")));
      long count = mapLine();
      for (long i = 0; i < count; i++) {
        map.add(mapLine(), mapLine());
      }
      // The rest of the map's last block.
      long rest = Math.min(left, Math.floorMod(left - map.data(), TarWriter.BLOCK));
      skip(rest);
      left -= rest;
    } else if (more.containsKey(SPARSE + "map")) {
      map = new SparseContent(decimal(SPARSE + "size", more.get(SPARSE + "size")));
      String[] numbers = more.getOrDefault(SPARSE + "map", "").split(",", -1);
      if (numbers.length % 2 != 0) {
        throw malformed("the map of a sparse file ends within a piece");
      }
      for (int i = 0; i < numbers.length; i += 2) {
        map.add(decimal("a piece", numbers[i]), decimal("a piece", numbers[i + 1]));
      }
    } else {
      return null;
    }
    if (map.data() != left) {
      throw malformed(
          "sparse file "
              + MalformedArchiveException.readable(name)
              + " has "
              + left
              + " bytes of data, its map says "
              + map.data());
    }
    return map;
  }

  /** Four pieces in the header, 21 in each block that continues it. */
  private SparseContent oldSparse() throws IOException {
    if (!header.isGnu()) {
      throw malformed("a sparse file in an archive that is not GNU tar's");
    }
    SparseContent map = new SparseContent(header.number(483, 12));
    boolean more = block[482] != 0;
    pieces(map, header, 386, 4);
    byte[] further = new byte[TarWriter.BLOCK];
    while (more) {
      if (in.readNBytes(further, 0, further.length) < further.length) {
        throw new EOFException("the archive ends within a header");
      }
      more = further[504] != 0;
      pieces(map, new TarHeader(further), 0, 21);
    }
    return map;
  }

  private static void pieces(SparseContent map, TarHeader header, int at, int most)
      throws IOException {
    for (int i = 0; i < most; i++) {
      if (header.field(at + 24 * i + 12, 12).isEmpty() && header.field(at + 24 * i, 12).isEmpty()) {
        return;
      }
      map.add(header.number(at + 24 * i, 12), header.number(at + 24 * i + 12, 12));
    }
  }

  /** A number and a line feed, in the content. */
  private long mapLine() throws IOException {
    StringBuilder digits = new StringBuilder();
    while (left > 0 && digits.length() < 20) {
      int c = in.read();
      if (c < 0) {
        throw new EOFException("the archive ends within a file");
      }
      left--;
      if (c == '\n') {
        return decimal("a piece", digits.toString());
      }
      digits.append((char) c);
    }
    throw malformed("the map of a sparse file has no end");
  }

  /**
   * Passes over the zeros that the archive leaves out, up to the next data or the end of the entry.
   *
   * @return how many there are, 0 where data is next
   */
  public long skipHole() {
    SparseContent map = sparse;
    if (map == null) {
      return 0;
    }
    long hole = map.hole();
    map.passed(hole);
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
    SparseContent map = sparse;
    if (map == null) {
      return left == 0 ? -1 : readData(buffer, left);
    }
    if (map.isAtEnd()) {
      return -1;
    }
    int count = (int) Math.min(buffer.length, map.hole());
    if (count > 0) {
      Arrays.fill(buffer, 0, count, (byte) 0);
    } else {
      count = readData(buffer, map.piece());
    }
    map.passed(count);
    return count;
  }

  private int readData(byte[] buffer, long most) throws IOException {
    int count = in.read(buffer, 0, (int) Math.min(buffer.length, most));
    if (count < 0) {
      throw new EOFException("the archive ends within a file");
    }
    left -= count;
    return count;
  }

  private byte[] extended(long size) throws IOException {
    if (size < 0 || size > MAX_HEADER) {
      throw malformed("an extended header of " + size + " bytes; at most " + MAX_HEADER);
    }
    byte[] content = in.readNBytes((int) size);
    if (content.length < size) {
      throw new EOFException("the archive ends within a header");
    }
    skip(TarWriter.padding(size));
    return content;
  }

  /** GNU's long names end with a NUL byte. */
  private static String text(byte[] content) {
    int end = 0;
    while (end < content.length && content[end] != 0) {
      end++;
    }
    return new String(content, 0, end, StandardCharsets.ISO_8859_1);
  }

  private static long decimal(String what, @Nullable String text) throws IOException {
    if (text == null || !text.matches("\\d{1,19}")) {
      throw malformed(
          what
              + " '"
              + MalformedArchiveException.readable(Objects.requireNonNullElse(text, ""))
              + "' is no number");
    }
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw malformed(what + " " + text + " is no number of 63 bits");
    }
  }

  /** By reading: whoever takes a digest of the stream must see every byte. */
  private void skip(long count) throws IOException {
    for (long rest = count; rest > 0; ) {
      int n = in.read(skipped, 0, (int) Math.min(skipped.length, rest));
      if (n < 0) {
        throw new EOFException("the archive ends within a file");
      }
      rest -= n;
    }
  }

  private static MalformedArchiveException malformed(String what) {
    return new MalformedArchiveException(what);
  }
}
