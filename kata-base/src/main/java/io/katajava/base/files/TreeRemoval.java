package io.katajava.base.files;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.BasicFileAttributeView;

/**
 * Removes a directory with everything in it; what is gone already is no error. It goes down by open
 * directories and never by a path twice: what belongs to a hypervisor may be changed by it
 * meanwhile, and a link put in the place of a directory leads nowhere.
 */
public final class TreeRemoval {
  private TreeRemoval() {}

  /**
   * Removes.
   *
   * @param root the directory, or a file
   * @throws IOException if something cannot be removed
   */
  public static void of(Path root) throws IOException {
    if (!Files.isDirectory(root, LinkOption.NOFOLLOW_LINKS)) {
      Files.deleteIfExists(root);
      return;
    }
    Path absolute = root.toAbsolutePath();
    Path parent = absolute.getParent();
    Path name = absolute.getFileName();
    if (parent == null || name == null) {
      throw new IOException(root + " is everything");
    }
    try (DirectoryStream<Path> above = Files.newDirectoryStream(parent)) {
      if (!(above instanceof SecureDirectoryStream<Path> open)) {
        throw new IOException(parent + " is on a file system that cannot be walked safely");
      }
      remove(open, name);
    } catch (NoSuchFileException e) {
      // Gone already: that is what was wanted.
      return;
    }
  }

  private static void remove(SecureDirectoryStream<Path> in, Path name) throws IOException {
    try {
      if (!isDirectory(in, name)) {
        in.deleteFile(name);
        return;
      }
      try (SecureDirectoryStream<Path> inside =
          in.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS)) {
        for (Path entry : inside) {
          Path last = entry.getFileName();
          if (last != null) {
            remove(inside, last);
          }
        }
      } catch (DirectoryIteratorException e) {
        throw e.getCause();
      } catch (NoSuchFileException e) {
        throw e;
      } catch (FileSystemException e) {
        if (isDirectory(in, name)) {
          throw e;
        }
        // It was replaced, by a link perhaps, while we looked.
        in.deleteFile(name);
        return;
      }
      in.deleteDirectory(name);
    } catch (NoSuchFileException e) {
      // Somebody else was faster.
      return;
    }
  }

  private static boolean isDirectory(SecureDirectoryStream<Path> in, Path name) throws IOException {
    return in.getFileAttributeView(name, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
        .readAttributes()
        .isDirectory();
  }
}
