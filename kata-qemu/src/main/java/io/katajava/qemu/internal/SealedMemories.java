package io.katajava.qemu.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.LinkedHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Sealed copies of templates' memory, one for each file, made for the first clone and shared by
 * all: the pages of one are those of all until they are written to. The last ones stay when nobody
 * uses them, since the next clone is likely to be of the same template, and copying takes longer
 * than anything else of its start.
 */
final class SealedMemories {
  private static final SealedMemories OF_THIS_JVM = new SealedMemories();

  /** Each is as large as what a guest has used of its memory when it was saved. */
  private static final int KEPT = 2;

  /** The longest unused first. */
  private final LinkedHashMap<Path, Copy> copies = new LinkedHashMap<>(KEPT, 1, true);

  private final ReentrantLock lock = new ReentrantLock();

  static SealedMemories ofThisJvm() {
    return OF_THIS_JVM;
  }

  /** One copy; guarded by the lock of what is around it. */
  private static final class Copy {
    private final String stamp;
    private final SealedMemory memory;
    private int users;

    /** It is handed out no more. */
    private boolean retired;

    private Copy(String stamp, SealedMemory memory) {
      this.stamp = stamp;
      this.memory = memory;
    }

    private void closeIfDone() {
      if (retired && users == 0) {
        memory.close();
      }
    }
  }

  /** The right to open a copy, until it is closed; a machine that has opened it needs no more. */
  final class Lease implements AutoCloseable {
    private final Copy copy;

    private Lease(Copy copy) {
      this.copy = copy;
      copy.users++;
    }

    Path path() {
      return copy.memory.path();
    }

    @Override
    public void close() {
      lock.lock();
      try {
        copy.users--;
        copy.closeIfDone();
      } finally {
        lock.unlock();
      }
    }
  }

  /**
   * The copy of a file, made if there is none of it as it is now.
   *
   * @throws IOException if it cannot be made
   */
  Lease of(Path file) throws IOException {
    lock.lock();
    try {
      String stamp = stamp(file);
      Copy copy = copies.get(file);
      if (copy == null || !copy.stamp.equals(stamp)) {
        retire(copies.remove(file));
        copy = new Copy(stamp, SealedMemory.copyOf(file));
        copies.put(file, copy);
        while (copies.size() > KEPT) {
          retire(copies.remove(copies.keySet().iterator().next()));
        }
      }
      return new Lease(copy);
    } finally {
      lock.unlock();
    }
  }

  private static void retire(@Nullable Copy copy) {
    if (copy != null) {
      copy.retired = true;
      copy.closeIfDone();
    }
  }

  /** The kernel sets these, not users. */
  private static String stamp(Path file) throws IOException {
    BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
    return attributes.size()
        + " "
        + attributes.fileKey()
        + " "
        + attributes.lastModifiedTime()
        + " "
        + Files.getAttribute(file, "unix:ctime");
  }
}
