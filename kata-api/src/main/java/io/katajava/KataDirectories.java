package io.katajava;

import io.katajava.spi.TrustedDirectory;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * The directories in which a runtime keeps its state, its cache and its data. What lies there is
 * believed, so a directory that somebody else owns or can write is refused; see {@link
 * TrustedDirectory}.
 *
 * @param state sockets, small files and the ledger: {@code $XDG_RUNTIME_DIR/kata-java}, for root
 *     {@code /run/kata-java}, else {@code /tmp/kata-java-<user>}; where that one is somebody else's
 *     or can be written by others, {@code /tmp/kata-java-<user>-} with a suffix nobody can guess
 * @param cache what can be made again: {@code $XDG_CACHE_HOME/kata-java}, for root {@code
 *     /var/cache/kata-java}, which the unprivileged hypervisor can read, else {@code
 *     ~/.cache/kata-java}, or {@code /tmp/kata-java-cache-<user>} for a user without a home
 * @param data what users keep, their named disks: {@code $XDG_DATA_HOME/kata-java}, for root {@code
 *     /var/lib/kata-java}, else {@code ~/.local/share/kata-java}, or {@code
 *     /tmp/kata-java-data-<user>}
 */
public record KataDirectories(Path state, Path cache, Path data) {

  /** What this JVM has chosen instead of a directory that it cannot trust. */
  private static final Map<Path, Path> INSTEAD = new ConcurrentHashMap<>();

  /**
   * Directories for what needs nothing of users' data.
   *
   * @param state sockets, small files and the ledger
   * @param cache what can be made again; named disks are kept in it, too
   */
  public KataDirectories(Path state, Path cache) {
    this(state, cache, cache);
  }

  /**
   * The directories for the user this JVM runs as.
   *
   * @return the directories; they need not exist yet
   */
  public static KataDirectories fromEnvironment() {
    return of(
        System.getenv(), System.getProperty("user.name", "user"), System.getProperty("user.home"));
  }

  static KataDirectories of(Map<String, String> environment, String user, @Nullable String home) {
    boolean root = user.equals("root");
    String runtime = environment.get("XDG_RUNTIME_DIR");
    Path state;
    if (!root && isUsable(runtime)) {
      state = Path.of(runtime, "kata-java");
    } else if (root) {
      state = Path.of("/run/kata-java");
    } else {
      state = temporary(Path.of("/tmp"), user);
    }
    Path cache =
        place(
            environment.get("XDG_CACHE_HOME"),
            root
                ? Path.of("/var/cache/kata-java")
                : at(home, ".cache/kata-java", "/tmp/kata-java-cache-" + nameOf(user)));
    Path data =
        place(
            environment.get("XDG_DATA_HOME"),
            root
                ? Path.of("/var/lib/kata-java")
                : at(home, ".local/share/kata-java", "/tmp/kata-java-data-" + nameOf(user)));
    return new KataDirectories(state, cache, data);
  }

  /** A user without an entry in {@code /etc/passwd} is called {@code ?}, as are all others. */
  private static String nameOf(String user) {
    return user.matches("[A-Za-z0-9._-]+") ? user : Integer.toString(TrustedDirectory.uid());
  }

  /**
   * Others can write there and may have been first. What a runtime before this one has chosen
   * instead is found again, so that its ledger is.
   */
  static Path temporary(Path above, String user) {
    Path usual = above.resolve("kata-java-" + nameOf(user));
    Optional<String> obstacle = TrustedDirectory.obstacleToOwn(usual);
    if (obstacle.isEmpty()) {
      return usual;
    }
    return INSTEAD.compute(
        usual,
        (key, known) ->
            known != null && TrustedDirectory.obstacleToOwn(known).isEmpty()
                ? known
                : another(usual, obstacle.get()));
  }

  static Path another(Path usual, String obstacle) {
    String name = usual.getFileName() + "-";
    Path above = usual.toAbsolutePath().getParent();
    if (above == null) {
      return usual;
    }
    List<Path> others = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(above, name + "*")) {
      for (Path other : all) {
        if (Files.isDirectory(other, LinkOption.NOFOLLOW_LINKS)
            && TrustedDirectory.obstacleToOwn(other).isEmpty()) {
          others.add(other);
        }
      }
    } catch (IOException e) {
      LoggerFactory.getLogger(KataDirectories.class).debug("cannot list {}", above, e);
    }
    Path chosen =
        others.isEmpty() ? usual.resolveSibling(name + suffix()) : Collections.min(others);
    LoggerFactory.getLogger(KataDirectories.class)
        .warn("{}; state is kept in {} instead", obstacle, chosen);
    return chosen;
  }

  private static String suffix() {
    return new BigInteger(60, new SecureRandom()).toString(Character.MAX_RADIX);
  }

  /** A user who has no home has {@code ?} for it, which is no place below the working directory. */
  private static Path at(@Nullable String home, String below, String homeless) {
    return home != null && home.startsWith("/") ? Path.of(home, below) : Path.of(homeless);
  }

  private static Path place(@Nullable String chosen, Path usual) {
    return chosen != null && chosen.startsWith("/") ? Path.of(chosen, "kata-java") : usual;
  }

  private static boolean isUsable(@Nullable String directory) {
    return directory != null && directory.startsWith("/") && Files.isWritable(Path.of(directory));
  }
}
