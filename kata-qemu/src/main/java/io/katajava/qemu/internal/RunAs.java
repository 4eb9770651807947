package io.katajava.qemu.internal;

import io.katajava.Choice;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who QEMU runs as. When the JVM is root, QEMU gets a user id of its own from the range that
 * systemd uses for dynamic users, so that it owns nothing and sandboxes cannot touch each other.
 * The id needs no entry in {@code /etc/passwd}.
 *
 * @param uid the user and group id, or null for the JVM's own
 * @param why the reason
 */
record RunAs(@Nullable Integer uid, String why) {
  private static final Logger log = LoggerFactory.getLogger(RunAs.class);
  static final int FIRST = 61184;
  private static final int COUNT = 65519 - FIRST + 1;
  private static final Set<Integer> TAKEN = ConcurrentHashMap.newKeySet();

  /**
   * A file QEMU opens.
   *
   * @param path the file or device
   * @param write whether it is written to
   */
  record Access(Path path, boolean write) {}

  /** Decides without taking an id. */
  static Optional<String> obstacle(Path stateDirectory, List<Access> files) {
    if (!isRoot()) {
      return Optional.of("the JVM is not root");
    }
    for (Access file : files) {
      Optional<Path> closed = closedFor(file);
      if (closed.isPresent()) {
        return Optional.of(
            "an unprivileged user could not "
                + (file.write() ? "write " : "read ")
                + (closed.get().equals(file.path())
                    ? file.path().toString()
                    : file.path() + " because of " + closed.get()));
      }
    }
    Path above = stateDirectory.getParent();
    return closedFor(new Access(above == null ? stateDirectory : above, false))
        .map(closed -> "an unprivileged user could not reach " + closed);
  }

  static boolean isRoot() {
    return "root".equals(System.getProperty("user.name"));
  }

  static RunAs take(String sandboxId, Path stateDirectory, List<Access> files) {
    Optional<String> obstacle = obstacle(stateDirectory, files);
    if (obstacle.isPresent()) {
      return new RunAs(null, obstacle.get());
    }
    Set<Integer> elsewhere = owners(stateDirectory.getParent());
    int start = Math.floorMod(sandboxId.hashCode(), COUNT);
    for (int i = 0; i < COUNT; i++) {
      int candidate = FIRST + (start + i) % COUNT;
      if (!elsewhere.contains(candidate)
          && !UserProcesses.exist(candidate)
          && TAKEN.add(candidate)) {
        return new RunAs(candidate, "the JVM is root, QEMU need not be");
      }
    }
    return new RunAs(null, "all user ids set aside for sandboxes are in use");
  }

  /**
   * Ids in use by other JVMs: each owns the directory of its sandbox. Those whose state is
   * elsewhere are told by their processes.
   */
  private static Set<Integer> owners(@Nullable Path sandboxes) {
    Set<Integer> owners = new HashSet<>();
    if (sandboxes == null) {
      return owners;
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(sandboxes)) {
      for (Path entry : entries) {
        try {
          owners.add((Integer) Files.getAttribute(entry, "unix:uid"));
        } catch (NoSuchFileException e) {
          log.trace("{} has just gone", entry, e);
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      log.debug("cannot list {}", sandboxes, e);
    }
    return owners;
  }

  void release() {
    if (uid != null) {
      TAKEN.remove(uid);
    }
  }

  /**
   * Hands a directory or socket over; root itself needs no permission. It may lie where QEMU's user
   * can put a link in its place: then the link changes its owner, and not what it leads to.
   */
  void own(Path file) throws IOException {
    if (uid != null) {
      Files.setAttribute(file, "unix:uid", uid, LinkOption.NOFOLLOW_LINKS);
      Files.setAttribute(file, "unix:gid", uid, LinkOption.NOFOLLOW_LINKS);
    }
  }

  Choice describe() {
    return new Choice("user of QEMU", uid == null ? "the JVM's" : "an id of its own", why);
  }

  /** The first part of the path that others may not pass, or the file that is closed to them. */
  private static Optional<Path> closedFor(Access file) {
    try {
      Path real = file.path().toRealPath();
      Set<PosixFilePermission> open = Files.getPosixFilePermissions(real);
      boolean directory = Files.isDirectory(real);
      if ((!directory && !open.contains(PosixFilePermission.OTHERS_READ))
          || (file.write() && !open.contains(PosixFilePermission.OTHERS_WRITE))) {
        return Optional.of(file.path());
      }
      for (Path at = directory ? real : real.getParent(); at != null; at = at.getParent()) {
        if (!Files.getPosixFilePermissions(at).contains(PosixFilePermission.OTHERS_EXECUTE)) {
          return Optional.of(at);
        }
      }
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of(file.path());
    }
  }
}
