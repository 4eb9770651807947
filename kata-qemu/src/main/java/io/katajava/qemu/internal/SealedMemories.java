package io.katajava.qemu.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Sealed copies of templates' memory, one for each file, made for the first clone and shared by
 * all: the pages of one are those of all until they are written to.
 */
final class SealedMemories {
  private final Map<Path, Copy> copies = new HashMap<>();
  private final ReentrantLock lock = new ReentrantLock();

  /** One copy; guarded by the lock of what is around it. */
  private static final class Copy {
    private final String stamp;
    private final SealedMemory memory;
    private int users;
    private boolean given;

    private Copy(String stamp, SealedMemory memory) {
      this.stamp = stamp;
      this.memory = memory;
    }

    /** No longer handed out: closed once nobody uses it. */
    private void giveUp() {
      given = true;
      closeIfIdle();
    }

    private void closeIfIdle() {
      if (given && users == 0) {
        memory.close();
      }
    }
  }

  /** The right to open a copy, until it is closed; a machine that has opened it needs no more. */
  final class Lease implements AutoCloseable {
    private final Copy copy;

    private Lease(Copy copy) {
      this.copy = copy;
    }

    Path path() {
      return copy.memory.path();
    }

    @Override
    public void close() {
      lock.lock();
      try {
        copy.users--;
        copy.closeIfIdle();
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
        dropStale();
        copy = new Copy(stamp, SealedMemory.copyOf(file));
        copies.put(file, copy);
      }
      copy.users++;
      return new Lease(copy);
    } finally {
      lock.unlock();
    }
  }

  /** Copies of what is gone or has changed. */
  private void dropStale() {
    copies
        .entrySet()
        .removeIf(
            entry -> {
              boolean stale;
              try {
                stale = !stamp(entry.getKey()).equals(entry.getValue().stamp);
              } catch (IOException e) {
                stale = true;
              }
              if (stale) {
                entry.getValue().giveUp();
              }
              return stale;
            });
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

  /** Keeps nothing for machines to come. */
  void letGo() {
    lock.lock();
    try {
      copies.values().forEach(Copy::giveUp);
      copies.clear();
    } finally {
      lock.unlock();
    }
  }
}
