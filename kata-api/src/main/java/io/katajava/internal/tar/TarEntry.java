package io.katajava.internal.tar;

import io.katajava.internal.tree.BytePath;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One entry of an archive.
 *
 * @param name its path
 * @param type what it is
 * @param mode permission bits
 * @param uid owner
 * @param gid group
 * @param size bytes of content that follow
 * @param modified when it was changed; whole seconds where the archive knows no more
 * @param link where a link leads
 * @param major of a device
 * @param minor of a device
 * @param xattrs extended attributes by name, one byte a character
 */
public record TarEntry(
    BytePath name,
    Type type,
    int mode,
    long uid,
    long gid,
    long size,
    Instant modified,
    BytePath link,
    int major,
    int minor,
    Map<String, String> xattrs) {
  private static final BytePath NOWHERE = BytePath.of("");

  /** Copies the attributes. */
  public TarEntry {
    xattrs = Collections.unmodifiableMap(new LinkedHashMap<>(xattrs));
  }

  /**
   * An entry that is no device and has no extended attributes.
   *
   * @param name its path
   * @param type what it is
   * @param mode permission bits
   * @param uid owner
   * @param gid group
   * @param size bytes of content that follow
   * @param modified when it was changed
   * @param link where a link leads
   */
  public TarEntry(
      BytePath name,
      Type type,
      int mode,
      long uid,
      long gid,
      long size,
      Instant modified,
      BytePath link) {
    this(name, type, mode, uid, gid, size, modified, link, 0, 0, Map.of());
  }

  /**
   * An entry of root's.
   *
   * @param name its path
   * @param type what it is
   * @param mode permission bits
   * @param size bytes of content that follow
   * @param modified when it was changed
   */
  public TarEntry(BytePath name, Type type, int mode, long size, Instant modified) {
    this(name, type, mode, 0, 0, size, modified, NOWHERE);
  }

  /**
   * The same under another name.
   *
   * @param other the name
   * @return a changed copy
   */
  public TarEntry named(BytePath other) {
    return new TarEntry(other, type, mode, uid, gid, size, modified, link, major, minor, xattrs);
  }

  /** The same, a link. */
  TarEntry linked(Type other, BytePath to) {
    return new TarEntry(name, other, mode, uid, gid, 0, modified, to);
  }

  /**
   * The same with another size.
   *
   * @param other bytes
   * @return a changed copy
   */
  TarEntry sized(long other) {
    return new TarEntry(name, type, mode, uid, gid, other, modified, link, major, minor, xattrs);
  }

  /** The kinds of entries. */
  public enum Type {
    /** A regular file. */
    FILE('0'),
    /** Another name of an entry before it. */
    HARD_LINK('1'),
    /** A symbolic link. */
    LINK('2'),
    /** A device of characters. */
    CHARACTER('3'),
    /** A device of blocks. */
    BLOCK('4'),
    /** A directory. */
    DIRECTORY('5'),
    /** A named pipe. */
    PIPE('6'),
    /** Anything else. */
    OTHER('?');

    private final char flag;

    Type(char flag) {
      this.flag = flag;
    }

    char flag() {
      return flag;
    }

    static Type of(int flag) {
      return switch (flag) {
        case 0, '0', '7', 'S' -> FILE;
        case '1' -> HARD_LINK;
        case '2' -> LINK;
        case '3' -> CHARACTER;
        case '4' -> BLOCK;
        case '5' -> DIRECTORY;
        case '6' -> PIPE;
        default -> OTHER;
      };
    }
  }
}
