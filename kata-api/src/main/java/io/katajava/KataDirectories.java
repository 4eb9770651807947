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
 */
public record KataDirectories(Path state, Path cache) {

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
    String caches = environment.get("XDG_CACHE_HOME");
    Path cache;
    if (caches != null && caches.startsWith("/")) {
      cache = Path.of(caches, "kata-java");
    } else if (root) {
      cache = Path.of("/var/cache/kata-java");
    } else {
      cache = Path.of(home == null ? "/tmp" : home, ".cache", "kata-java");
    }
    return new KataDirectories(state, cache);
  }

  private static boolean isUsable(@Nullable String directory) {
    return directory != null && directory.startsWith("/") && Files.isWritable(Path.of(directory));
  }
}
