package io.katajava.internal.tree;

import java.io.IOException;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Something new that takes its place in a directory once it is whole: until then, and if it never
 * is, what had the place keeps it.
 */
public final class Draft implements AutoCloseable {
  private final OpenDirectory directory;
  private final OpenFile file;

  /** Null while it has no name. */
  private @Nullable BytePath name;

  private Draft(OpenDirectory directory, OpenFile file, @Nullable BytePath name) {
    this.directory = directory;
    this.file = file;
    this.name = name;
  }

  /**
   * Makes an empty file for its owner alone. Where the file system can it has no name, so that
   * nothing of it is left if this process is killed.
   *
   * @param directory where it will be
   * @return the draft
   * @throws IOException if it cannot be made
   */
  public static Draft of(OpenDirectory directory) throws IOException {
    OpenFile nameless = directory.makeNameless();
    if (nameless != null) {
      return new Draft(directory, nameless, null);
    }
    BytePath name = newName();
    return new Draft(directory, directory.makeFile(name), name);
  }

  private static BytePath newName() {
    return BytePath.of(".kata-" + UUID.randomUUID());
  }

  /**
   * The file, to be filled.
   *
   * @return open until the draft is closed
   */
  public OpenFile file() {
    return file;
  }

  /**
   * Puts it in its place.
   *
   * @param place its name; no directory may have it
   * @throws IOException if it cannot be had
   */
  public void take(BytePath place) throws IOException {
    BytePath own = name;
    if (own == null) {
      own = newName();
      directory.name(file, own);
      name = own;
    }
    directory.rename(own, place);
    name = null;
  }

  /**
   * Makes a symbolic link in place of what may be there.
   *
   * @param directory where
   * @param place its name; no directory may have it
   * @param target where it leads
   * @throws IOException if it cannot be made
   */
  public static void link(OpenDirectory directory, BytePath place, BytePath target)
      throws IOException {
    BytePath own = newName();
    directory.makeLink(own, target);
    rename(directory, own, place);
  }

  /**
   * Makes another name of a regular file in place of what may be there.
   *
   * @param directory where
   * @param place its name; no directory may have it
   * @param from where the file is
   * @param existing its name there
   * @throws IOException if it cannot be made, or what is there is no regular file
   */
  public static void hardLink(
      OpenDirectory directory, BytePath place, OpenDirectory from, BytePath existing)
      throws IOException {
    BytePath own = newName();
    directory.makeHardLink(own, from, existing);
    FileStatus made = directory.find(own);
    if (made == null || !made.isFile()) {
      directory.remove(own);
      throw new IOException(place + " is a hard link to something that is not a file");
    }
    rename(directory, own, place);
  }

  private static void rename(OpenDirectory directory, BytePath own, BytePath place)
      throws IOException {
    boolean placed = false;
    try {
      directory.rename(own, place);
      placed = true;
    } finally {
      // rename(2) of one file over another name of its own does nothing.
      if (!placed || directory.find(own) != null) {
        directory.remove(own);
      }
    }
  }

  /** Removes it if it has not taken a place. */
  @Override
  public void close() throws IOException {
    file.close();
    BytePath own = name;
    if (own != null) {
      directory.remove(own);
    }
  }
}
