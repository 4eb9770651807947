package io.katajava.config.internal;

import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.PatternSyntaxException;

/** Shell patterns expanded on this host: a path is allowed when it is one of the results. */
final class HostGlobs {
  /** Keys whose annotation must match, and the key with the patterns. */
  static final Map<String, String> KEYS =
      Map.of(
          "path", "valid_hypervisor_paths",
          "jailer_path", "valid_jailer_paths",
          "ctlpath", "valid_ctlpaths",
          "virtio_fs_daemon", "valid_virtio_fs_daemon_paths",
          "entropy_source", "valid_entropy_sources",
          "vhost_user_store_path", "valid_vhost_user_store_paths");

  private HostGlobs() {}

  static boolean match(List<String> globs, String path) {
    // A pattern never expands to such a spelling, so it cannot lead around one.
    if (!path.startsWith("/")
        || path.indexOf('\0') >= 0
        || !Path.of(path).normalize().toString().equals(path)) {
      return false;
    }
    return globs.stream().anyMatch(glob -> matches(glob, path))
        && Files.exists(Path.of(path), LinkOption.NOFOLLOW_LINKS);
  }

  private static boolean matches(String glob, String path) {
    if (glob.isEmpty()) {
      return false;
    }
    try {
      // Java's braces and double stars are not part of a shell pattern as Kata reads it.
      String shell = glob.replace("{", "\\{").replace("}", "\\}").replaceAll("\\*+", "*");
      return FileSystems.getDefault().getPathMatcher("glob:" + shell).matches(Path.of(path));
    } catch (PatternSyntaxException e) {
      return false;
    }
  }
}
