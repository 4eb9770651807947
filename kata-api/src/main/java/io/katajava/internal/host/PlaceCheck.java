package io.katajava.internal.host;

import static io.katajava.HostFinding.failed;
import static io.katajava.HostFinding.passed;
import static io.katajava.HostFinding.warned;

import io.katajava.HostFinding;
import io.katajava.KataDirectories;
import io.katajava.MemorySize;
import io.katajava.spi.TrustedDirectory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** The directories: whether they can be used, have space, and are short enough for sockets. */
final class PlaceCheck {
  static final String GROUP = "host";

  /** {@code sockaddr_un.sun_path} has 108 bytes, the last one zero. */
  static final int LONGEST_SOCKET_PATH = 107;

  /** An id of ten characters and a socket's name of at most 24, each after a slash. */
  static final int BELOW_STATE = 1 + 10 + 1 + 24;

  /** A kernel package of 27 MB, unpacked, and an initrd. */
  private static final MemorySize GUEST_SPACE = MemorySize.mebibytes(300);

  /** The memory of one default guest. */
  private static final MemorySize TEMPLATE_SPACE = MemorySize.mebibytes(256);

  /**
   * A file system.
   *
   * @param type for example {@code tmpfs}
   * @param usable bytes this user may still write
   */
  record Space(String type, MemorySize usable) {}

  /** Looks up the file system of a directory that exists; replaced in tests. */
  @FunctionalInterface
  interface Spaces {
    Space of(Path directory) throws IOException;
  }

  private final KataDirectories directories;
  private final Spaces spaces;
  private final Predicate<Path> writable;

  PlaceCheck(KataDirectories directories, Spaces spaces) {
    this(directories, spaces, Files::isWritable);
  }

  PlaceCheck(KataDirectories directories, Spaces spaces, Predicate<Path> writable) {
    this.directories = directories;
    this.spaces = spaces;
    this.writable = writable;
  }

  static Space ofFileStore(Path directory) throws IOException {
    FileStore store = Files.getFileStore(directory);
    return new Space(store.type(), MemorySize.bytes(Math.max(0, store.getUsableSpace())));
  }

  List<HostFinding> run() {
    return List.of(state(), socketPaths(), cache(), templates());
  }

  private HostFinding state() {
    Path above = nearest(directories.state());
    Optional<String> obstacle = TrustedDirectory.obstacleToOwn(directories.state());
    if (obstacle.isPresent()) {
      return failed(
          GROUP,
          "state-directory",
          directories.state() + " cannot be trusted: " + obstacle.get(),
          "Set XDG_RUNTIME_DIR to a directory of your own that nobody else can write");
    }
    if (!Files.isWritable(above)) {
      return failed(
          GROUP,
          "state-directory",
          directories.state() + " cannot be used: " + above + " is not writable",
          "Set XDG_RUNTIME_DIR to a directory you can write");
    }
    return passed(
        GROUP,
        "state-directory",
        directories.state() + (above.equals(directories.state()) ? "" : ", to be made"));
  }

  private HostFinding socketPaths() {
    int length = directories.state().toString().getBytes(StandardCharsets.UTF_8).length;
    int room = LONGEST_SOCKET_PATH - BELOW_STATE;
    return length <= room
        ? passed(
            GROUP,
            "socket-paths",
            "the state directory's path has " + length + " bytes of at most " + room)
        : failed(
            GROUP,
            "socket-paths",
            "the state directory's path has "
                + length
                + " bytes, at most "
                + room
                + " leave room for sockets (unix socket paths have at most "
                + LONGEST_SOCKET_PATH
                + "): "
                + directories.state(),
            "Set XDG_RUNTIME_DIR to a shorter path");
  }

  private HostFinding cache() {
    Path above = nearest(directories.cache());
    Optional<String> obstacle = TrustedDirectory.obstacle(directories.cache());
    if (obstacle.isPresent()) {
      return failed(
          GROUP,
          "cache-directory",
          directories.cache() + " cannot be trusted: " + obstacle.get(),
          "Set XDG_CACHE_HOME to a directory of your own that nobody else can write");
    }
    if (!writable.test(above) && above.equals(directories.cache())) {
      return warned(
          GROUP,
          "cache-directory",
          directories.cache() + " can only be read: what is in it is used, nothing is added",
          "Set XDG_CACHE_HOME to a directory you can write, if something is missing in it");
    }
    if (!writable.test(above)) {
      return failed(
          GROUP,
          "cache-directory",
          directories.cache() + " cannot be used: " + above + " is not writable",
          "Set XDG_CACHE_HOME to a directory you can write");
    }
    try {
      Space space = spaces.of(above);
      if (space.usable().compareTo(GUEST_SPACE) < 0) {
        return warned(
            GROUP,
            "cache-directory",
            directories.cache()
                + " has "
                + SystemCheck.rounded(space.usable())
                + " left; a kernel and an initrd may take "
                + GUEST_SPACE,
            "Free space there, or set XDG_CACHE_HOME");
      }
      return passed(
          GROUP,
          "cache-directory",
          directories.cache() + ", " + SystemCheck.rounded(space.usable()) + " left");
    } catch (IOException e) {
      return warned(
          GROUP,
          "cache-directory",
          "the space left in " + above + " cannot be determined: " + e.getMessage(),
          "Check that its file system works");
    }
  }

  /** A template keeps a guest's memory as a file, which should itself be in memory. */
  private HostFinding templates() {
    Path above = nearest(directories.state());
    try {
      Space space = spaces.of(above);
      if (!space.type().equals("tmpfs")) {
        return warned(
            GROUP,
            "template-space",
            above + " is on " + space.type() + ", not on tmpfs: templates and forks go to disk",
            "Set XDG_RUNTIME_DIR to a directory on tmpfs, for example below /dev/shm");
      }
      if (space.usable().compareTo(TEMPLATE_SPACE) < 0) {
        return warned(
            GROUP,
            "template-space",
            above
                + " has "
                + SystemCheck.rounded(space.usable())
                + " left; a template takes its guest's memory, "
                + TEMPLATE_SPACE
                + " by default",
            "Make that tmpfs larger: mount -o remount,size=...");
      }
      return passed(
          GROUP,
          "template-space",
          above + " is on tmpfs with " + SystemCheck.rounded(space.usable()) + " left");
    } catch (IOException e) {
      return warned(
          GROUP,
          "template-space",
          "the space left in " + above + " cannot be determined: " + e.getMessage(),
          "Check that its file system works");
    }
  }

  private static Path nearest(Path wanted) {
    Path at = wanted;
    while (!Files.isDirectory(at) && at.getParent() != null) {
      at = at.getParent();
    }
    return at;
  }
}
