package io.katajava.qemu.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;

/**
 * A guest's memory as a file: written by the machine that becomes a template, mapped copy-on-write
 * by those made of it.
 *
 * <p>Where QEMU runs as a user of its own, the writing one owns the file meanwhile; after that it
 * belongs to the JVM's user, and a group that only QEMU processes of clones are in may read it.
 * Trap: QEMU before 8.2 opens even a file that it maps copy-on-write for writing; it is given a
 * {@linkplain SealedMemory copy} instead. A right to write would let one QEMU change the guests of
 * all others, and a write through a mapping changes no time of the file.
 *
 * @param path the file
 * @param isWritten whether the machine writes into it
 */
record SharedMemoryFile(Path path, boolean isWritten) {
  /** The group id before the first user id that is given to a sandbox; see {@link RunAs}. */
  static final int READERS = RunAs.FIRST - 1;

  Path directory() {
    return Objects.requireNonNull(path.toAbsolutePath().getParent());
  }

  /** Before the machine that writes it starts. Root itself needs no permission. */
  void giveTo(RunAs runAs) throws IOException {
    if (isWritten) {
      runAs.own(path);
    }
  }

  /**
   * After the machine that wrote it has ended. Whatever that one ran as, the QEMU of a clone may be
   * unprivileged where the JVM is root.
   */
  void close() throws IOException {
    if (!RunAs.isRoot()) {
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
      return;
    }
    Files.setAttribute(path, "unix:uid", 0);
    Files.setAttribute(path, "unix:gid", READERS);
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-r-----"));
  }
}
