package io.katajava.internal.tar;

import io.katajava.internal.tree.BytePath;
import io.katajava.internal.tree.FileStatus;
import io.katajava.internal.tree.OpenDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Something on the host that somebody named, looked at once: a directory is open from then on. Only
 * above it links are followed.
 */
public final class HostPath implements AutoCloseable {
  private final OpenDirectory above;
  private final BytePath name;
  private final @Nullable OpenDirectory directory;

  private HostPath(OpenDirectory above, BytePath name, @Nullable OpenDirectory directory) {
    this.above = above;
    this.name = name;
    this.directory = directory;
  }

  /**
   * Looks at it.
   *
   * @param path a file, a link or a directory
   * @return what is there
   * @throws IOException if nothing is there or it cannot be opened
   */
  public static HostPath of(Path path) throws IOException {
    Path whole = path.toAbsolutePath();
    Path parent = whole.getParent();
    boolean itself = parent == null || whole.endsWith(".") || whole.endsWith("..");
    List<BytePath> parts = BytePath.of(whole).parts();
    BytePath name = itself ? BytePath.HERE : parts.get(parts.size() - 1);
    OpenDirectory above = OpenDirectory.of(parent == null || itself ? whole : parent);
    boolean opened = false;
    try {
      FileStatus found = above.find(name);
      if (found == null) {
        throw new IOException(BytePath.of(whole) + ": No such file or directory");
      }
      HostPath made = new HostPath(above, name, found.isDirectory() ? above.directory(name) : null);
      opened = true;
      return made;
    } finally {
      if (!opened) {
        above.close();
      }
    }
  }

  /**
   * Whether it is a directory.
   *
   * @return whether it is
   */
  public boolean isDirectory() {
    return directory != null;
  }

  /**
   * Packs it and ends the archive.
   *
   * @param source packs it
   * @param as what it is called in the archive, unless it is a directory
   * @throws IOException if something cannot be read or written
   */
  public void pack(HostSource source, BytePath as) throws IOException {
    if (directory != null) {
      source.pack(directory);
    } else {
      source.pack(above, name, as);
    }
  }

  @Override
  public void close() {
    if (directory != null) {
      directory.close();
    }
    above.close();
  }
}
