package io.katajava.internal.disk;

import io.katajava.ContainerFiles.Owner;
import io.katajava.MemorySize;
import io.katajava.internal.host.HostProgram;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Empty ext4 filesystems in sparse files, made by e2fsprogs without any privilege. */
public final class Ext4 {
  /** The type's name for mount(2). */
  public static final String NAME = "ext4";

  private static final String PACKAGE = "e2fsprogs";

  /** Those of one permission each begin at 100 and at 200, see block/file-posix.c. */
  private static final long QEMU_LOCKS = 100;

  private Ext4() {}

  /**
   * Makes an image that only its owner may open.
   *
   * @param file must not be there
   * @param size of the disk; the file takes what is written
   * @param journal whether it must be whole after a crash
   * @param owner of the root directory, root when absent
   * @throws IOException when it cannot be made; then nothing is left
   */
  public static void make(Path file, MemorySize size, boolean journal, Optional<Owner> owner)
      throws IOException {
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    boolean made = false;
    try {
      try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
        sparse.setLength(size.bytes());
      }
      List<String> line = new ArrayList<>(List.of(HostProgram.find("mke2fs"), "-q", "-F"));
      line.addAll(List.of("-t", NAME, "-m", "0"));
      if (!journal) {
        line.addAll(List.of("-O", "^has_journal"));
      }
      // Without it the root directory belongs to whoever runs mke2fs.
      String root =
          owner
              .map(whose -> ",root_owner=" + whose.uid() + ":" + whose.gid())
              .orElse(",root_owner=0:0");
      line.addAll(List.of("-E", "lazy_itable_init=1,lazy_journal_init=1,nodiscard" + root));
      line.add(file.toString());
      HostProgram.run(line, PACKAGE);
      // Databases want an empty directory, and e2fsck makes it again when it needs it.
      HostProgram.run(
          List.of(HostProgram.find("debugfs"), "-w", "-R", "rmdir lost+found", file.toString()),
          PACKAGE);
      made = true;
    } finally {
      if (!made) {
        Files.deleteIfExists(file);
      }
    }
  }

  /**
   * Makes an image larger.
   *
   * @param file an image that was made here
   * @param size its new size
   * @return whether that could be done: not while a machine has it
   * @throws IOException when it cannot be made larger
   */
  static boolean grow(Path file, MemorySize size) throws IOException {
    try (FileChannel image =
            FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
        FileLock lock = locked(image)) {
      if (lock == null) {
        return false;
      }
      // Its journal may be that of a machine that crashed. 1 means that there was something to do.
      HostProgram.run(
          List.of(HostProgram.find("e2fsck"), "-f", "-p", file.toString()), PACKAGE, Set.of(0, 1));
      // In blocks of 1 KiB; it makes the file as large.
      String blocks = size.bytes() / 1024 + "K";
      HostProgram.run(List.of(HostProgram.find("resize2fs"), file.toString(), blocks), PACKAGE);
      try (RandomAccessFile whole = new RandomAccessFile(file.toFile(), "rw")) {
        // The last block may be a part of one.
        whole.setLength(Math.max(whole.length(), size.bytes()));
      }
      return true;
    }
  }

  /** QEMU holds locks on some of these bytes as long as it has the image. */
  private static @Nullable FileLock locked(FileChannel image) throws IOException {
    try {
      return image.tryLock(QEMU_LOCKS, 2 * QEMU_LOCKS, false);
    } catch (OverlappingFileLockException e) {
      return null;
    }
  }
}
