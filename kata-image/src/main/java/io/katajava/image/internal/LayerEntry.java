package io.katajava.image.internal;

import io.katajava.internal.tar.MalformedArchiveException;
import io.katajava.internal.tar.TarEntry;
import java.util.Map;
import org.jspecify.annotations.Nullable;

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
record LayerEntry(
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
    FILE(TarEntry.Type.FILE),
    HARD_LINK(TarEntry.Type.HARD_LINK),
    SYMLINK(TarEntry.Type.LINK),
    CHARACTER(TarEntry.Type.CHARACTER),
    BLOCK(TarEntry.Type.BLOCK),
    DIRECTORY(TarEntry.Type.DIRECTORY),
    FIFO(TarEntry.Type.PIPE);

    final TarEntry.Type type;

    Kind(TarEntry.Type type) {
      this.type = type;
    }

    /** Null for what no image has. */
    static @Nullable Kind of(TarEntry.Type type) {
      for (Kind kind : values()) {
        if (kind.type == type) {
          return kind;
        }
      }
      return null;
    }
  }

  /** A directory nobody described. */
  static LayerEntry directory(String path) {
    return new LayerEntry(path, Kind.DIRECTORY, 0755, 0, 0, 0, 0, "", 0, 0, Map.of());
  }

  /** How overlayfs marks a name that is gone. */
  static LayerEntry whiteout(String path) {
    return new LayerEntry(path, Kind.CHARACTER, 0, 0, 0, 0, 0, "", 0, 0, Map.of());
  }

  static LayerEntry hardLink(String path, String target) {
    return new LayerEntry(path, Kind.HARD_LINK, 0, 0, 0, 0, 0, target, 0, 0, Map.of());
  }

  LayerEntry at(String other) {
    return new LayerEntry(other, kind, mode, uid, gid, size, mtime, link, major, minor, xattrs);
  }

  LayerEntry with(String xattr, String value) {
    Map<String, String> more = new java.util.LinkedHashMap<>(xattrs);
    more.put(xattr, value);
    return new LayerEntry(path, kind, mode, uid, gid, size, mtime, link, major, minor, more);
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
    return MalformedArchiveException.readable(bytes);
  }
}
