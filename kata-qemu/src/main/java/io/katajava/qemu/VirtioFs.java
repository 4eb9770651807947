package io.katajava.qemu;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The settings with which directories of the host are shared: the {@code virtiofsd} behind {@code
 * vhost-user-fs}.
 *
 * @param daemon the program; looked for when absent: {@code virtiofsd} on the {@code PATH}, then
 *     {@code /usr/libexec/virtiofsd}, {@code /usr/lib/virtiofsd} and {@code
 *     /usr/lib/qemu/virtiofsd}. Both the one in Rust and the older one of QEMU's will do; the older
 *     one needs root
 * @param cache what the guest may keep of names and contents: {@code never} (or {@code none}),
 *     {@code auto}, {@code always}; with {@code auto} a change on the host is seen after a second
 *     at the latest
 * @param queueSize entries of the device's queue, a power of two
 * @param extraArguments further arguments of the daemon, last; none that names another directory or
 *     socket, or takes a wall away from around the daemon
 */
public record VirtioFs(
    Optional<Path> daemon, String cache, int queueSize, List<String> extraArguments) {

  /**
   * What the driver says itself: which directory, on which socket, behind which walls. The daemon
   * is root's where the JVM is.
   */
  private static final Pattern DRIVERS_OWN =
      Pattern.compile(
          "--?(shared-dir|socket-path|socket-group|fd|sandbox|seccomp|modcaps|daemonize)(=.*)?"
              + "|(-o)?(.*,)?(source|sandbox|modcaps|no_sandbox)(=.*)?",
          Pattern.DOTALL);

  /** What is there is found, {@code auto}, Kata's queue size, nothing else. */
  public static final VirtioFs DEFAULT = new VirtioFs(Optional.empty(), "auto", 1024, List.of());

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if one is none of those allowed
   */
  public VirtioFs {
    extraArguments = List.copyOf(extraArguments);
    if (!List.of("never", "none", "metadata", "auto", "always").contains(cache)) {
      throw new IllegalArgumentException(
          "the cache of virtio-fs is never, metadata, auto or always, got '" + cache + "'");
    }
    if (Integer.bitCount(queueSize) != 1 || queueSize > 32768) {
      throw new IllegalArgumentException(
          "a queue size is a power of two up to 32768, got " + queueSize);
    }
    for (String argument : extraArguments) {
      if (DRIVERS_OWN.matcher(argument).matches()) {
        throw new IllegalArgumentException(
            "'"
                + argument
                + "' cannot be added to virtiofsd's arguments: the driver decides which"
                + " directory it serves, on which socket, and how it is confined");
      }
    }
  }
}
