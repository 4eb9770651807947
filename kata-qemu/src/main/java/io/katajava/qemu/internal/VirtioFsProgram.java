package io.katajava.qemu.internal;

import io.katajava.qemu.VirtioFs;
import io.katajava.spi.DirectoryShare;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A {@code virtiofsd} of the host and how it wants to be called: the one in Rust, or the one in C
 * that came with QEMU until 7.2.
 *
 * @param path the program
 * @param help what it says of itself
 */
record VirtioFsProgram(Path path, String help) {
  private static final List<Path> USUAL_PLACES =
      List.of(
          Path.of("/usr/libexec/virtiofsd"),
          Path.of("/usr/lib/virtiofsd"),
          Path.of("/opt/kata/libexec/virtiofsd"),
          Path.of("/usr/lib/qemu/virtiofsd"));
  private static final long HELP_LIMIT_SECONDS = 5;

  /** Guests need no device nodes of the host; everything else of a usual daemon is left. */
  private static final String CAPABILITIES = "-mknod";

  /**
   * In a mount namespace of its own in which the directory, its first argument, cannot be written
   * to: the daemon in C has no option for that.
   */
  private static final String READ_ONLY =
      "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\" && exec \"$@\"";

  /** Where it is, if there is one. */
  static Optional<Path> find(VirtioFs options) {
    if (options.daemon().isPresent()) {
      return options.daemon().filter(Files::isExecutable);
    }
    return QemuBinary.program("virtiofsd")
        .or(() -> USUAL_PLACES.stream().filter(Files::isExecutable).findFirst());
  }

  static VirtioFsProgram ask(Path path) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(path.toString(), "--help").redirectErrorStream(true).start();
    try {
      process.getOutputStream().close();
      String help =
          new String(
              process.getInputStream().readNBytes(OutputTail.CAPACITY), StandardCharsets.UTF_8);
      if (!process.waitFor(HELP_LIMIT_SECONDS, TimeUnit.SECONDS)) {
        throw new IOException(path + " --help did not end");
      }
      return new VirtioFsProgram(path, help);
    } finally {
      process.destroyForcibly();
    }
  }

  private boolean isRust() {
    return help.contains("--shared-dir");
  }

  /** Why it cannot share, if so. */
  Optional<String> obstacle() {
    if (!isRust() && !RunAs.isRoot()) {
      return Optional.of(path + " of QEMU's needs root; install the virtiofsd in Rust");
    }
    return Confinement.OBSTACLE.map(why -> path + " cannot confine itself: " + why);
  }

  /**
   * Whether this JVM's children may make the namespaces that a daemon confines itself with, tried
   * once. It needs CAP_SYS_ADMIN, or a host that lets anybody be root in a user namespace; a
   * container of a CI job usually has neither.
   */
  private static final class Confinement {
    static final Optional<String> OBSTACLE = trial();

    private static Optional<String> trial() {
      Optional<Path> unshare = QemuBinary.program("unshare");
      if (unshare.isEmpty()) {
        // The daemon itself will tell.
        return Optional.empty();
      }
      List<String> line = new ArrayList<>(List.of(unshare.get().toString()));
      if (!RunAs.isRoot()) {
        line.addAll(List.of("--user", "--map-root-user"));
      }
      line.addAll(List.of("--mount", "--propagation", "private", "--pid", "--net", "--fork"));
      line.addAll(List.of("--", "true"));
      try {
        Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
        try {
          process.getOutputStream().close();
          String said =
              new String(
                      process.getInputStream().readNBytes(OutputTail.CAPACITY),
                      StandardCharsets.UTF_8)
                  .strip();
          if (!process.waitFor(HELP_LIMIT_SECONDS, TimeUnit.SECONDS)) {
            return Optional.of("unshare did not end");
          }
          return process.exitValue() == 0 ? Optional.empty() : Optional.of(said);
        } finally {
          process.destroyForcibly();
        }
      } catch (IOException e) {
        return Optional.of(String.valueOf(e.getMessage()));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return Optional.of("it was interrupted");
      }
    }
  }

  /** The command that serves one directory to one machine. */
  List<String> command(DirectoryShare share, Path socket, VirtioFs options) {
    List<String> line = new ArrayList<>();
    String directory = share.directory().toString();
    if (isRust()) {
      line.add(path.toString());
      line.addAll(List.of("--socket-path", socket.toString(), "--shared-dir", directory));
      line.addAll(List.of("--cache", options.cache().equals("none") ? "never" : options.cache()));
      line.addAll(List.of("--sandbox", "namespace", "--modcaps=" + CAPABILITIES));
      if (!share.isWritable()) {
        line.add("--readonly");
      }
    } else {
      if (!share.isWritable()) {
        line.addAll(
            List.of("unshare", "--mount", "--propagation", "private", "--", "sh", "-c", READ_ONLY));
        line.add(directory);
      }
      line.add(path.toString());
      line.add("--socket-path=" + socket);
      line.addAll(List.of("-o", "source=" + escaped(directory)));
      line.addAll(List.of("-o", "cache=" + cacheInC(options.cache()), "-o", "sandbox=namespace"));
      line.addAll(List.of("-o", "modcaps=" + CAPABILITIES));
    }
    line.addAll(options.extraArguments());
    return line;
  }

  private static String cacheInC(String cache) {
    return switch (cache) {
      case "never" -> "none";
      case "metadata" -> "auto";
      default -> cache;
    };
  }

  /** As fuse's option parser takes a comma. */
  private static String escaped(String value) {
    return value.replace("\\", "\\\\").replace(",", "\\,");
  }

  /**
   * What daemons leave when they are killed: a file with the process id, named after the socket,
   * beside it or, of the one in C, where that keeps such.
   */
  static void forget(Path socket) throws IOException {
    Files.deleteIfExists(socket.resolveSibling(socket.getFileName() + ".pid"));
    String name = socket.toString().replace('/', '.') + ".pid";
    for (String place : List.of("/run/virtiofsd", "/var/run/virtiofsd")) {
      Files.deleteIfExists(Path.of(place, name));
    }
  }
}
