package io.katajava.agent;

import java.nio.ByteBuffer;

/**
 * Part of a file to be put into the guest. Maps to {@code CopyFileRequest}.
 *
 * @param path below {@code /run/kata-containers/shared/containers/}
 * @param fileSize size of the whole file in bytes
 * @param fileMode type and permissions as in st_mode, inode(7)
 * @param directoryMode permissions of parents that are created
 * @param uid owner, the 32 bits of an unsigned number; -1 is none, and our agent refuses it
 * @param gid group, likewise
 * @param offset where the data belongs
 * @param data the bytes; of a symbolic link its target
 */
public record FileChunk(
    String path,
    long fileSize,
    int fileMode,
    int directoryMode,
    int uid,
    int gid,
    long offset,
    ByteBuffer data) {

  /** Type bits of a regular file. */
  public static final int REGULAR = 0100000;

  /** Type bits of a directory. */
  public static final int DIRECTORY = 0040000;

  /** Type bits of a symbolic link. */
  public static final int SYMBOLIC_LINK = 0120000;

  @Override
  public String toString() {
    return "FileChunk[path=" + path + ", offset=" + offset + ", size=" + data.remaining() + "]";
  }
}
