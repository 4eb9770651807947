package io.katajava.cli;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What this process was given to read. Was it started with descriptor 0 closed, the number belongs
 * to the first file that the JVM opened for itself, and reading it gives the JDK's own modules.
 */
final class StandardInput {
  private static final int O_CLOEXEC = 02000000;

  private StandardInput() {}

  /** Unbuffered; empty when nothing was given. Closing it closes nothing. */
  static InputStream stream() {
    return isOurs(0) ? new FileInputStream(FileDescriptor.in) : InputStream.nullInputStream();
  }

  /**
   * Whether a descriptor was there when this process began: one that came through execve(2) cannot
   * be of those that execve closes. The JVM opens nearly all of its own as such, and what it opens
   * first, which is its modules or its archive of classes, is in its own directory.
   */
  static boolean isOurs(int descriptor) {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/fdinfo/" + descriptor))) {
        if (line.startsWith("flags:")) {
          return (Long.parseLong(line.substring(6).strip(), 8) & O_CLOEXEC) == 0
              && !isOfTheJvm(Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)));
        }
      }
      return true;
    } catch (IOException | NumberFormatException e) {
      // Without /proc nobody can tell; a closed descriptor fails when it is read.
      return !Files.isDirectory(Path.of("/proc/self/fdinfo"));
    }
  }

  private static boolean isOfTheJvm(Path target) throws IOException {
    return target.startsWith(Path.of(System.getProperty("java.home")).toRealPath());
  }
}
