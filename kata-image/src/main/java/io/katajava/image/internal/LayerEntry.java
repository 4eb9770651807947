package io.katajava.image.internal;

import io.katajava.base.text.PrintableText;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * One entry of an archive. Texts hold one byte a character (ISO 8859-1), because names in a file
 * system are bytes.
 *
 * @param path from the root, without leading or trailing slash; empty for the root itself
 * @param kind what it is
 * @param mode permission bits with setuid, setgid and sticky
 * @param uid owner
 * @param gid group
 * @param size bytes of content that follow
 * @param mtime seconds since 1970
 * @param link target of a link; of a hard link a path like {@code path}
 * @param major of a device
 * @param minor of a device
 * @param xattrs extended attributes by name
 */
record TarEntry(
    String path,
    Kind kind,
    int mode,
    long uid,
    long gid,
    long size,
    long mtime,
    String link,
    int major,
    int minor,
    Map<String, String> xattrs) {

  enum Kind {
    FILE('0'),
    HARD_LINK('1'),
    SYMLINK('2'),
    CHARACTER('3'),
    BLOCK('4'),
    DIRECTORY('5'),
    FIFO('6');

    final char flag;

    Kind(char flag) {
      this.flag = flag;
    }
  }

  /** A directory nobody described. */
  static TarEntry directory(String path) {
    return new TarEntry(path, Kind.DIRECTORY, 0755, 0, 0, 0, 0, "", 0, 0, Map.of());
  }

  /** How overlayfs marks a name that is gone. */
  static TarEntry whiteout(String path) {
    return new TarEntry(path, Kind.CHARACTER, 0, 0, 0, 0, 0, "", 0, 0, Map.of());
  }

  static TarEntry hardLink(String path, String target) {
    return new TarEntry(path, Kind.HARD_LINK, 0, 0, 0, 0, 0, target, 0, 0, Map.of());
  }

  TarEntry at(String other) {
    return new TarEntry(other, kind, mode, uid, gid, size, mtime, link, major, minor, xattrs);
  }

  TarEntry with(String xattr, String value) {
    Map<String, String> more = new java.util.LinkedHashMap<>(xattrs);
    more.put(xattr, value);
    return new TarEntry(path, kind, mode, uid, gid, size, mtime, link, major, minor, more);
  }

  String name() {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  /** The directory it is in; empty for the root. */
  static String parent(String path) {
    int slash = path.lastIndexOf('/');
    return slash < 0 ? "" : path.substring(0, slash);
  }

  /** For messages: the bytes as what they most likely are, on one line. */
  static String readable(String bytes) {
    return PrintableText.line(
        new String(bytes.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8), 200);
  }
}
