package io.katajava.internal.tar;

/**
 * One entry of an archive.
 *
 * @param name its path
 * @param type what it is
 * @param mode permission bits
 * @param uid owner
 * @param gid group
 * @param size bytes of content that follow
 * @param modified seconds since 1970
 * @param link where a link leads
 */
public record TarEntry(
    String name, Type type, int mode, long uid, long gid, long size, long modified, String link) {

  /**
   * The same under another name.
   *
   * @param other the name
   * @return a changed copy
   */
  public TarEntry named(String other) {
    return new TarEntry(other, type, mode, uid, gid, size, modified, link);
  }

  /**
   * The same with another size.
   *
   * @param other bytes
   * @return a changed copy
   */
  TarEntry sized(long other) {
    return new TarEntry(name, type, mode, uid, gid, other, modified, link);
  }

  /** The kinds of entries. */
  public enum Type {
    /** A regular file. */
    FILE('0'),
    /** Another name of an entry before it. */
    HARD_LINK('1'),
    /** A symbolic link. */
    LINK('2'),
    /** A directory. */
    DIRECTORY('5'),
    /** A named pipe. */
    PIPE('6'),
    /** Anything that is not copied. */
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
        case 0, '0', '7' -> FILE;
        case '1' -> HARD_LINK;
        case '2' -> LINK;
        case '5' -> DIRECTORY;
        case '6' -> PIPE;
        default -> OTHER;
      };
    }
  }
}
