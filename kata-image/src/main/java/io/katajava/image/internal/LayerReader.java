package io.katajava.image.internal;

import io.katajava.image.internal.TarEntry.Kind;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads an archive of an untrusted origin: ustar with pax and GNU headers (POSIX.1-2017, pax).
 * Every length is checked before something of that length is kept, and every path is one below the
 * root.
 */
final class TarReader {
  static final int BLOCK = 512;

  /** Linux's PATH_MAX and NAME_MAX. */
  private static final int MAXIMUM_PATH = 4096;

  private static final int MAXIMUM_NAME = 255;

  /** Room for some 16 attributes of the largest size that Linux knows. */
  private static final int MAXIMUM_HEADER = 1 << 20;

  private static final int MAXIMUM_XATTR = 64 << 10;
  private static final String XATTR = "SCHILY.xattr.";
  private static final String SPARSE = "GNU.sparse.";

  private final InputStream in;
  private final byte[] block = new byte[BLOCK];
  private final TarHeader header = new TarHeader(block);
  private final byte[] skipped = new byte[1 << 14];
  private final Map<String, String> global = new LinkedHashMap<>();
  private long left;
  private long padding;

  /** Of the entry read last, when it has holes. */
  private @Nullable SparseContent sparse;

  TarReader(InputStream in) {
    this.in = in;
  }

  /** The next entry, or null after the last; what is left of the content before is skipped. */
  @Nullable TarEntry next() throws IOException {
    skip(left + padding);
    left = 0;
    padding = 0;
    sparse = null;
    Map<String, String> pax = new LinkedHashMap<>(global);
    String longName = null;
    String longLink = null;
    while (true) {
      if (!readBlock()) {
        return null;
      }
      if (header.isZero()) {
        // The end is two zero blocks; some writers stop after one, and anything may follow.
        return null;
      }
      header.checkSum();
      char flag = (char) (block[156] & 0xff);
      long size = header.number(124, 12);
      switch (flag) {
        // Solaris wrote X before the standard had x.
        case 'x', 'X' -> PaxRecords.parse(extended(size), pax);
        case 'g' -> {
          PaxRecords.parse(extended(size), global);
          pax.putAll(global);
        }
        case 'L' -> longName = text(extended(size));
        case 'K' -> longLink = text(extended(size));
        // The archive's own name, which GNU tar writes with --label.
        case 'V' -> skip(size + (BLOCK - size % BLOCK) % BLOCK);
        default -> {
          return entry(flag, size, pax, longName, longLink);
        }
      }
    }
  }

  /** The content of the entry read last; -1 at its end. */
  int read(byte[] buffer) throws IOException {
    SparseContent map = sparse;
    if (map != null) {
      return readSparse(map, buffer);
    }
    return left == 0 ? -1 : readData(buffer, left);
  }

  private int readData(byte[] buffer, long most) throws IOException {
    int count = in.read(buffer, 0, (int) Math.min(buffer.length, most));
    if (count < 0) {
      throw new EOFException("the archive ends within a file");
    }
    left -= count;
    return count;
  }

  private int readSparse(SparseContent map, byte[] buffer) throws IOException {
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

  private TarEntry entry(
      char flag,
      long plainSize,
      Map<String, String> pax,
      @Nullable String longName,
      @Nullable String longLink)
      throws IOException {
    String raw =
        pax.getOrDefault(
            SPARSE + "name", pax.getOrDefault("path", longName != null ? longName : header.name()));
    String name = path(raw, "entry");
    Kind kind =
        switch (flag) {
          case '0', '\0', '7', 'S' ->
              raw.endsWith("/") && flag == '\0' ? Kind.DIRECTORY : Kind.FILE;
          case '1' -> Kind.HARD_LINK;
          case '2' -> Kind.SYMLINK;
          case '3' -> Kind.CHARACTER;
          case '4' -> Kind.BLOCK;
          case '5' -> Kind.DIRECTORY;
          case '6' -> Kind.FIFO;
          default ->
              throw invalid(
                  "entry "
                      + TarEntry.readable(raw)
                      + " is of the unknown kind '"
                      + TarEntry.readable(String.valueOf(flag))
                      + "'");
        };
    long size = pax.containsKey("size") ? decimal(pax, "size") : plainSize;
    if (size < 0) {
      throw invalid("entry " + TarEntry.readable(raw) + " has a negative size");
    }
    String link =
        pax.getOrDefault("linkpath", longLink != null ? longLink : header.field(157, 100));
    if (kind == Kind.HARD_LINK) {
      if (link.startsWith("/")) {
        throw invalid(
            "hard link "
                + TarEntry.readable(name)
                + " has the absolute target "
                + TarEntry.readable(link));
      }
      link = path(link, "target of hard link " + TarEntry.readable(name) + ":");
    } else if (kind == Kind.SYMLINK && (link.isEmpty() || link.length() > MAXIMUM_PATH)) {
      throw invalid(
          "symbolic link "
              + TarEntry.readable(name)
              + " has a target of "
              + link.length()
              + " bytes");
    }
    left = kind == Kind.FILE ? size : 0;
    // Others have no content, whatever their size field says: writers put a hard link's file's
    // there.
    padding = kind == Kind.FILE ? (BLOCK - size % BLOCK) % BLOCK : 0;
    if (kind == Kind.FILE) {
      sparse = sparse(flag, pax, name);
    }
    return new TarEntry(
        name,
        kind,
        (int) header.number(100, 8) & 07777,
        id(pax, "uid", 108),
        id(pax, "gid", 116),
        sparse != null ? sparse.size() : left,
        time(pax),
        kind == Kind.HARD_LINK || kind == Kind.SYMLINK ? link : "",
        device(kind, 329),
        device(kind, 337),
        xattrs(pax));
  }

  /** The map of a file with holes: GNU tar's old form, and the three that pax headers have had. */
  private @Nullable SparseContent sparse(char flag, Map<String, String> pax, String name)
      throws IOException {
    SparseContent map;
    if (flag == 'S') {
      map = oldSparse();
    } else if (pax.containsKey(SPARSE + "major")) {
      if (!"1".equals(pax.get(SPARSE + "major")) || !"0".equals(pax.get(SPARSE + "minor"))) {
        throw invalid("entry " + TarEntry.readable(name) + " is sparse in an unknown form");
      }
      map = new SparseContent(decimal(pax, SPARSE + "realsize"));
      long count = mapLine();
      for (long i = 0; i < count; i++) {
        map.add(mapLine(), mapLine());
      }
      // The rest of the map's last block.
      long rest = Math.min(left, Math.floorMod(left - map.data(), BLOCK));
      skip(rest);
      left -= rest;
    } else if (pax.containsKey(SPARSE + "map")) {
      map = new SparseContent(decimal(pax, SPARSE + "size"));
      String[] numbers = pax.getOrDefault(SPARSE + "map", "").split(",", -1);
      if (numbers.length % 2 != 0) {
        throw invalid("the map of a sparse file ends within a piece");
      }
      for (int i = 0; i < numbers.length; i += 2) {
        map.add(number(numbers[i]), number(numbers[i + 1]));
      }
    } else {
      return null;
    }
    if (map.data() != left) {
      throw invalid(
          "sparse file "
              + TarEntry.readable(name)
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
      throw invalid("a sparse file in an archive that is not GNU tar's");
    }
    SparseContent map = new SparseContent(header.number(483, 12));
    boolean more = block[482] != 0;
    pieces(map, header, 386, 4);
    byte[] further = new byte[BLOCK];
    while (more) {
      if (in.readNBytes(further, 0, BLOCK) < BLOCK) {
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
        return number(digits.toString());
      }
      digits.append((char) c);
    }
    throw invalid("the map of a sparse file does not end");
  }

  private static long number(String text) throws IOException {
    try {
      long number = Long.parseLong(text);
      if (number >= 0) {
        return number;
      }
    } catch (NumberFormatException e) {
      throw invalid("'" + TarEntry.readable(text) + "' in the map of a sparse file is no number");
    }
    throw invalid("a negative number in the map of a sparse file");
  }

  /** One below the root; what would lead out of it is refused, not repaired. */
  static String path(String raw, String what) throws InvalidLayerException {
    if (raw.length() > MAXIMUM_PATH) {
      throw invalid(what + " name of " + raw.length() + " bytes; Linux takes " + MAXIMUM_PATH);
    }
    if (raw.isEmpty() || raw.indexOf('\0') >= 0) {
      throw invalid(what + " name that is empty or has a NUL byte");
    }
    StringBuilder path = new StringBuilder();
    for (String part : raw.split("/", -1)) {
      if (part.equals("..")) {
        throw invalid(what + " " + TarEntry.readable(raw) + " leads out by '..'");
      }
      if (part.length() > MAXIMUM_NAME) {
        throw invalid(
            what + " name with a part of " + part.length() + " bytes; Linux takes " + MAXIMUM_NAME);
      }
      if (!part.isEmpty() && !part.equals(".")) {
        path.append(path.length() == 0 ? "" : "/").append(part);
      }
    }
    return path.toString();
  }

  private long id(Map<String, String> pax, String key, int at) throws IOException {
    long id = pax.containsKey(key) ? decimal(pax, key) : header.number(at, 8);
    if (id < 0 || id > 0xffff_ffffL) {
      throw invalid(key + " " + id + " is none of Linux");
    }
    return id;
  }

  private long time(Map<String, String> pax) throws IOException {
    String text = pax.get("mtime");
    long seconds = text != null ? seconds(text) : header.number(136, 12);
    return Math.max(0, Math.min(seconds, 0xffff_ffffL));
  }

  private static long seconds(String text) throws IOException {
    int point = text.indexOf('.');
    String whole = point < 0 ? text : text.substring(0, point);
    try {
      // Some writers leave the 0 before the point out.
      return (whole.isEmpty() || whole.equals("-")) && text.length() > whole.length() + 1
          ? 0
          : Long.parseLong(whole);
    } catch (NumberFormatException e) {
      throw invalid("a time '" + TarEntry.readable(text) + "' is no number");
    }
  }

  private int device(Kind kind, int at) throws IOException {
    if (kind != Kind.CHARACTER && kind != Kind.BLOCK) {
      return 0;
    }
    long number = header.number(at, 8);
    if (number < 0 || number > 0xfffff) {
      throw invalid("device number " + number + " is none of Linux");
    }
    return (int) number;
  }

  private static Map<String, String> xattrs(Map<String, String> pax) throws IOException {
    Map<String, String> xattrs = new LinkedHashMap<>();
    for (Map.Entry<String, String> record : pax.entrySet()) {
      if (!record.getKey().startsWith(XATTR)) {
        continue;
      }
      String name = record.getKey().substring(XATTR.length());
      if (name.length() > MAXIMUM_NAME || record.getValue().length() > MAXIMUM_XATTR) {
        throw invalid(
            "extended attribute " + TarEntry.readable(name) + " is larger than Linux has");
      }
      // The marks of overlayfs are ours to set; squashfs keeps these three kinds.
      if ((name.startsWith("user.") && !name.startsWith("user.overlay."))
          || (name.startsWith("trusted.") && !name.startsWith("trusted.overlay."))
          || name.startsWith("security.")) {
        xattrs.put(name, record.getValue());
      }
    }
    return xattrs;
  }

  private byte[] extended(long size) throws IOException {
    if (size < 0 || size > MAXIMUM_HEADER) {
      throw invalid("an extended header of " + size + " bytes; at most " + MAXIMUM_HEADER);
    }
    byte[] content = in.readNBytes((int) size);
    if (content.length < size) {
      throw new EOFException("the archive ends within a header");
    }
    skip((BLOCK - size % BLOCK) % BLOCK);
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

  private static long decimal(Map<String, String> pax, String key) throws IOException {
    String text = pax.getOrDefault(key, "");
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw invalid(key + " '" + TarEntry.readable(text) + "' is no number");
    }
  }

  private boolean readBlock() throws IOException {
    int count = in.readNBytes(block, 0, BLOCK);
    if (count == 0) {
      return false;
    }
    if (count < BLOCK) {
      throw new EOFException("the archive ends within a header");
    }
    return true;
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

  private static InvalidLayerException invalid(String what) {
    return new InvalidLayerException(what);
  }
}
