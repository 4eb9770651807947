package io.katajava.image.internal;

import io.katajava.image.internal.TarEntry.Kind;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
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

  private final InputStream in;
  private final byte[] block = new byte[BLOCK];
  private final TarHeader header = new TarHeader(block);
  private final byte[] skipped = new byte[1 << 14];
  private final Map<String, String> global = new LinkedHashMap<>();
  private long left;
  private long padding;

  TarReader(InputStream in) {
    this.in = in;
  }

  /** The next entry, or null after the last; what is left of the content before is skipped. */
  @Nullable TarEntry next() throws IOException {
    skip(left + padding);
    left = 0;
    padding = 0;
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
        case 'x' -> PaxRecords.parse(extended(size), pax);
        case 'g' -> {
          PaxRecords.parse(extended(size), global);
          pax.putAll(global);
        }
        case 'L' -> longName = text(extended(size));
        case 'K' -> longLink = text(extended(size));
        default -> {
          return entry(flag, size, pax, longName, longLink);
        }
      }
    }
  }

  /** The content of the entry read last; -1 at its end. */
  int read(byte[] buffer) throws IOException {
    if (left == 0) {
      return -1;
    }
    int count = in.read(buffer, 0, (int) Math.min(buffer.length, left));
    if (count < 0) {
      throw new EOFException("the archive ends within a file");
    }
    left -= count;
    return count;
  }

  private TarEntry entry(
      char flag,
      long plainSize,
      Map<String, String> pax,
      @Nullable String longName,
      @Nullable String longLink)
      throws IOException {
    String raw = pax.getOrDefault("path", longName != null ? longName : header.name());
    String name = path(raw, "entry");
    if (pax.keySet().stream().anyMatch(key -> key.startsWith("GNU.sparse"))) {
      throw invalid("entry " + TarEntry.readable(raw) + " is a sparse file, which no layer has");
    }
    Kind kind =
        switch (flag) {
          case '0', '\0', '7' -> raw.endsWith("/") && flag == '\0' ? Kind.DIRECTORY : Kind.FILE;
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
    // Others have no content, whatever their size field says; pax lets hard links have one.
    padding = kind == Kind.FILE ? (BLOCK - size % BLOCK) % BLOCK : 0;
    if (kind == Kind.HARD_LINK && size > 0) {
      throw invalid("hard link " + TarEntry.readable(name) + " has content");
    }
    return new TarEntry(
        name,
        kind,
        (int) header.number(100, 8) & 07777,
        id(pax, "uid", 108),
        id(pax, "gid", 116),
        left,
        time(pax),
        kind == Kind.HARD_LINK || kind == Kind.SYMLINK ? link : "",
        device(kind, 329),
        device(kind, 337),
        xattrs(pax));
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
    try {
      return Long.parseLong(point < 0 ? text : text.substring(0, point));
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
