package io.katajava.qemu;

import java.nio.file.Path;

/** The place of a guest's memory on the host: QEMU's {@code memory-backend-*} objects. */
public sealed interface MemoryBackend {

  /**
   * Tells whether other processes can map the memory, which vhost-user devices need.
   *
   * @return QEMU's {@code share}
   */
  boolean isShared();

  /** Anonymous memory of QEMU, {@code memory-backend-ram}. The default. */
  record Anonymous() implements MemoryBackend {
    @Override
    public boolean isShared() {
      return false;
    }
  }

  /** Anonymous memory that can be shared by descriptor, {@code memory-backend-memfd}. */
  record Memfd() implements MemoryBackend {
    @Override
    public boolean isShared() {
      return true;
    }
  }

  /**
   * A file, {@code memory-backend-file}: for templates, on tmpfs.
   *
   * @param path the file; a directory means a file without a name in it
   * @param isShared true to write into the file, false to copy on write
   */
  record MappedFile(Path path, boolean isShared) implements MemoryBackend {
    /**
     * Checks the path.
     *
     * @throws IllegalArgumentException if it is not absolute
     */
    public MappedFile {
      if (!path.isAbsolute()) {
        throw new IllegalArgumentException("'" + path + "' is not an absolute path");
      }
    }
  }

  /**
   * Huge pages the host has set aside, {@code memory-backend-file} with {@code prealloc=on}.
   *
   * @param mount where hugetlbfs is mounted, usually {@code /dev/hugepages}
   * @param isShared whether other processes can map them
   */
  record HugePages(Path mount, boolean isShared) implements MemoryBackend {
    /**
     * Checks the path.
     *
     * @throws IllegalArgumentException if it is not absolute
     */
    public HugePages {
      if (!mount.isAbsolute()) {
        throw new IllegalArgumentException("'" + mount + "' is not an absolute path");
      }
    }
  }
}
