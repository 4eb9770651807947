package io.katajava.qemu.internal;

import io.katajava.Choice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Who QEMU runs as. When the JVM is root, QEMU gets a user id of its own from the range that
 * systemd uses for dynamic users, so that it owns nothing and sandboxes cannot touch each other.
 * The id needs no entry in {@code /etc/passwd}.
 *
 * @param uid the user and group id, or null for the JVM's own
 * @param why the reason
 */
record RunAs(@Nullable Integer uid, String why) {
  private static final int FIRST = 61184;
  private static final int COUNT = 65519 - FIRST + 1;
  private static final Set<Integer> TAKEN = ConcurrentHashMap.newKeySet();

  /** Decides without taking an id. */
  static Optional<String> obstacle(Path stateDirectory, List<Path> mustRead) {
    if (!"root".equals(System.getProperty("user.name"))) {
      return Optional.of("the JVM is not root");
    }
    for (Path file : mustRead) {
      Optional<Path> closed = closedFor(file);
      if (closed.isPresent()) {
        return Optional.of("an unprivileged user could not read " + closed.get());
      }
    }
    return closedFor(
            stateDirectory.getParent() == null ? stateDirectory : stateDirectory.getParent())
        .map(closed -> "an unprivileged user could not reach " + closed);
  }

  static RunAs take(String sandboxId, Path stateDirectory, List<Path> mustRead) {
    Optional<String> obstacle = obstacle(stateDirectory, mustRead);
    if (obstacle.isPresent()) {
      return new RunAs(null, obstacle.get());
    }
    int start = Math.floorMod(sandboxId.hashCode(), COUNT);
    for (int i = 0; i < COUNT; i++) {
      int candidate = FIRST + (start + i) % COUNT;
      if (TAKEN.add(candidate)) {
        return new RunAs(candidate, "the JVM is root, QEMU need not be");
      }
    }
    return new RunAs(null, "all user ids set aside for sandboxes are in use");
  }

  void release() {
    if (uid != null) {
      TAKEN.remove(uid);
    }
  }

  /** Hands the sandbox's directory over; root itself needs no permission. */
  void own(Path directory) throws IOException {
    if (uid != null) {
      Files.setAttribute(directory, "unix:uid", uid);
      Files.setAttribute(directory, "unix:gid", uid);
    }
  }

  Choice describe() {
    return new Choice("user of QEMU", uid == null ? "the JVM's" : "an id of its own", why);
  }

  /** The first part of the path that others may not pass or read. */
  private static Optional<Path> closedFor(Path file) {
    try {
      Path real = file.toRealPath();
      if (Files.isRegularFile(real)
          && !Files.getPosixFilePermissions(real).contains(PosixFilePermission.OTHERS_READ)) {
        return Optional.of(real);
      }
      for (Path at = Files.isDirectory(real) ? real : real.getParent();
          at != null;
          at = at.getParent()) {
        if (!Files.getPosixFilePermissions(at).contains(PosixFilePermission.OTHERS_EXECUTE)) {
          return Optional.of(at);
        }
      }
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of(file);
    }
  }
}
