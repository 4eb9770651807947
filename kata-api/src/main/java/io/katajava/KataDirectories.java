package io.katajava;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where a runtime keeps things.
 *
 * @param state sockets, small files and the ledger: {@code $XDG_RUNTIME_DIR/kata-java}, for root
 *     {@code /run/kata-java}, else {@code /tmp/kata-java-<user>}
 * @param cache what can be made again: {@code $XDG_CACHE_HOME/kata-java}, for root {@code
 *     /var/cache/kata-java}, which the unprivileged hypervisor can read, else {@code
 *     ~/.cache/kata-java}
 * @param data what users keep, their named disks: {@code $XDG_DATA_HOME/kata-java}, for root {@code
 *     /var/lib/kata-java}, else {@code ~/.local/share/kata-java}
 */
public record KataDirectories(Path state, Path cache, Path data) {

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
      state = Path.of("/tmp/kata-java-" + user);
    }
    Path userHome = Path.of(home == null ? "/tmp" : home);
    Path cache =
        place(
            environment.get("XDG_CACHE_HOME"),
            root ? Path.of("/var/cache/kata-java") : userHome.resolve(".cache/kata-java"));
    Path data =
        place(
            environment.get("XDG_DATA_HOME"),
            root ? Path.of("/var/lib/kata-java") : userHome.resolve(".local/share/kata-java"));
    return new KataDirectories(state, cache, data);
  }

  private static Path place(@Nullable String chosen, Path usual) {
    return chosen != null && chosen.startsWith("/") ? Path.of(chosen, "kata-java") : usual;
  }

  private static boolean isUsable(@Nullable String directory) {
    return directory != null && directory.startsWith("/") && Files.isWritable(Path.of(directory));
  }
}
