package io.katajava.spi;

import io.katajava.KataDirectories;
import io.katajava.base.host.ProgramSearch;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The host as a check sees it. Everything is looked up below {@code root}, so that a tree of files
 * can stand for a host of another architecture.
 *
 * @param root {@code /} for the host this runs on
 * @param architecture the host's architecture in QEMU's spelling: {@code x86_64}, {@code aarch64},
 *     {@code ppc64}, {@code s390x}, {@code riscv64}
 * @param environment the environment variables
 * @param directories where state and caches would be kept; not below {@code root}
 * @param network whether a check may use the network
 */
public record HostView(
    Path root,
    String architecture,
    Map<String, String> environment,
    KataDirectories directories,
    boolean network) {

  private static final int LONGEST_TEXT = 4 << 20;

  /** Where programs are besides {@code PATH}. */
  private static final List<String> USUAL_PLACES =
      List.of(
          "/usr/bin",
          "/usr/local/bin",
          "/usr/sbin",
          "/usr/libexec",
          "/usr/lib/qemu",
          "/opt/kata/bin",
          "/opt/kata/libexec");

  /** Copies the environment. */
  public HostView {
    environment = Map.copyOf(environment);
  }

  /**
   * Whether this is the host this runs on, not a tree of files that stands for one. Programs and
   * devices can be tried only then.
   *
   * @return true when {@code root} is {@code /}
   */
  public boolean isReal() {
    return root.equals(Path.of("/"));
  }

  /**
   * A file of the host.
   *
   * @param absolute an absolute path on the host
   * @return where it is for this process
   */
  public Path path(String absolute) {
    return root.resolve(absolute.substring(1));
  }

  /**
   * The text of a file, at most 4 MiB of it.
   *
   * @param absolute an absolute path on the host
   * @return the text; empty when there is no such file or it cannot be read
   */
  public Optional<String> text(String absolute) {
    Path file = path(absolute);
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    try (InputStream in = Files.newInputStream(file)) {
      return Optional.of(new String(in.readNBytes(LONGEST_TEXT), StandardCharsets.UTF_8));
    } catch (IOException e) {
      // Some files of /sys refuse to be read: for a check that is the same as not having them.
      return Optional.empty();
    }
  }

  /**
   * Looks for a program in the absolute directories of {@code PATH} and then in the usual places,
   * among them those of Kata Containers and of QEMU's helpers.
   *
   * @param name its file name
   * @return the first executable file of that name
   */
  public Optional<Path> program(String name) {
    return ProgramSearch.onPath(environment.getOrDefault("PATH", ""))
        .then(USUAL_PLACES)
        .below(root)
        .find(name);
  }

  /**
   * The release of the running kernel, as {@code uname -r} prints it.
   *
   * @return {@code /proc/sys/kernel/osrelease}, or {@code unknown}
   */
  public String kernelRelease() {
    return text("/proc/sys/kernel/osrelease").map(String::strip).orElse("unknown");
  }
}
