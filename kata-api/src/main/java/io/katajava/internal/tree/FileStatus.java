package io.katajava.internal.tree;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;

/**
 * What statx(2) tells of a file.
 *
 * @param kind its kind
 * @param mode its twelve bits
 * @param uid owner
 * @param gid group
 * @param size bytes
 * @param links how many names it has
 * @param modified when its content changed last
 * @param identity which file it is
 * @param major of a device
 * @param minor of a device
 */
public record FileStatus(
    Kind kind,
    int mode,
    long uid,
    long gid,
    long size,
    long links,
    Instant modified,
    Identity identity,
    int major,
    int minor) {
  private static final int PERMISSIONS = 07777;

  /**
   * Tells a file from all others of the host, also from one that has its number later.
   *
   * @param device what it lies on
   * @param number its inode
   * @param born when it was made, 1970 where the file system does not know
   */
  public record Identity(long device, long number, Instant born) {}

  /** The kinds of files. */
  public enum Kind {
    /** A regular file. */
    FILE,
    /** A directory. */
    DIRECTORY,
    /** A symbolic link. */
    LINK,
    /** A named pipe. */
    PIPE,
    /** A device of characters. */
    CHARACTER_DEVICE,
    /** A device of blocks. */
    BLOCK_DEVICE,
    /** A socket. */
    OTHER;

    /**
     * Whether it means something on its own host only.
     *
     * @return whether it is a device or a socket
     */
    public boolean isSpecial() {
      return this == CHARACTER_DEVICE || this == BLOCK_DEVICE || this == OTHER;
    }
  }

  static FileStatus of(byte[] found) {
    ByteBuffer fields = ByteBuffer.wrap(found).order(ByteOrder.nativeOrder());
    int mode = Short.toUnsignedInt(fields.getShort(28));
    Kind kind =
        switch (mode & 0170000) {
          case 0100000 -> Kind.FILE;
          case 0040000 -> Kind.DIRECTORY;
          case 0120000 -> Kind.LINK;
          case 0010000 -> Kind.PIPE;
          case 0020000 -> Kind.CHARACTER_DEVICE;
          case 0060000 -> Kind.BLOCK_DEVICE;
          default -> Kind.OTHER;
        };
    boolean born = (fields.getInt(0) & FileCalls.STATX_BTIME) != 0;
    return new FileStatus(
        kind,
        mode & PERMISSIONS,
        Integer.toUnsignedLong(fields.getInt(20)),
        Integer.toUnsignedLong(fields.getInt(24)),
        fields.getLong(40),
        Integer.toUnsignedLong(fields.getInt(16)),
        time(fields, 112),
        new Identity(
            (long) fields.getInt(136) << 32 | Integer.toUnsignedLong(fields.getInt(140)),
            fields.getLong(32),
            born ? time(fields, 80) : Instant.EPOCH),
        fields.getInt(128),
        fields.getInt(132));
  }

  private static Instant time(ByteBuffer fields, int at) {
    return Instant.ofEpochSecond(fields.getLong(at), fields.getInt(at + 8));
  }

  /**
   * Whether it is a directory.
   *
   * @return whether it is
   */
  public boolean isDirectory() {
    return kind == Kind.DIRECTORY;
  }

  /**
   * Whether it is a regular file.
   *
   * @return whether it is
   */
  public boolean isFile() {
    return kind == Kind.FILE;
  }

  /**
   * Whether nobody has changed it since, by what tells: a directory's size and time change with
   * what is in it, so only that it is still the same one.
   *
   * @param before the status it had
   * @return whether it is as it was
   */
  public boolean isAsIn(FileStatus before) {
    return identity.equals(before.identity)
        && kind == before.kind
        && (isDirectory() || (size == before.size && modified.equals(before.modified)));
  }
}
