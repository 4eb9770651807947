package io.katajava.junit.testcontainers;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.testcontainers.utility.MountableFile;

/**
 * Finds out which permissions were forced upon a tree. A {@link MountableFile} does not tell; but
 * it packs the tree with them, and here it packs into nothing.
 */
final class ForcedMode extends TarArchiveOutputStream {
  private static final int PERMISSIONS = 07777;

  private OptionalInt forced = OptionalInt.empty();

  private ForcedMode() {
    super(OutputStream.nullOutputStream());
  }

  /** Empty when every file has the permissions that it has on the host. */
  static OptionalInt of(MountableFile tree) throws IOException {
    try (ForcedMode look = new ForcedMode()) {
      tree.transferTo(look, "tree");
      return look.forced;
    }
  }

  @Override
  public void putArchiveEntry(TarArchiveEntry entry) throws IOException {
    int packed = entry.getMode() & PERMISSIONS;
    if (entry.getFile() != null && packed != permissions(entry.getFile().toPath())) {
      forced = OptionalInt.of(packed);
    }
  }

  static int permissions(Path file) throws IOException {
    return (Integer) Files.getAttribute(file, "unix:mode") & PERMISSIONS;
  }

  @Override
  public void write(byte[] bytes, int offset, int length) {
    // Only the entries count.
  }

  @Override
  public void closeArchiveEntry() {
    // None was begun.
  }
}
