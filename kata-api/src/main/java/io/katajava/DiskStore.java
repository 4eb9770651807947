package io.katajava;

import java.nio.file.Path;
import java.util.List;

/** The named disks of a user, which stay when sandboxes go; see {@link Volume#disk}. */
public interface DiskStore {

  /**
   * Where their images are.
   *
   * @return the directory, which need not exist yet
   */
  Path directory();

  /**
   * The disks there are, by name.
   *
   * @return a snapshot
   * @throws KataException with {@link ErrorCode#HOST_UNSUITABLE} when they cannot be read
   */
  List<DiskInfo> list();

  /**
   * Removes a disk and all that is on it. A machine that has it plugged in keeps it until it ends.
   *
   * @param name its name
   * @return whether there was one
   * @throws KataException with {@link ErrorCode#HOST_UNSUITABLE} when it cannot be removed
   */
  boolean remove(String name);
}
