package io.katajava;

import io.katajava.ExecSpec.TerminalSize;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a container is made of. Made by {@link ContainerBuilder}.
 *
 * @param name its name, unique in the sandbox
 * @param image the root filesystem's reference; the guest's built-in {@code busybox} when absent
 * @param command its first process; when empty the image's, and else one that just waits, so that
 *     commands can be executed
 * @param env variables on top of the image's
 * @param workdir the working directory, absolute; the image's or {@code /} when absent
 * @param user {@code name[:group]} or {@code uid[:gid]}; the image's or root when absent
 * @param terminal the terminal of the first process; pipes when absent
 * @param readOnlyRoot whether the root filesystem cannot be written
 * @param memoryLimit limit of the container's memory (cgroup v2 {@code memory.max})
 * @param cpus how many CPUs' time the container may use (cgroup v2 {@code cpu.max})
 * @param pidsLimit how many processes and threads it may have (cgroup v2 {@code pids.max})
 */
public record ContainerSpec(
    String name,
    Optional<String> image,
    List<String> command,
    Map<String, String> env,
    Optional<String> workdir,
    Optional<String> user,
    Optional<TerminalSize> terminal,
    boolean readOnlyRoot,
    Optional<MemorySize> memoryLimit,
    Optional<Double> cpus,
    Optional<Long> pidsLimit) {

  /** Copies the collections. */
  public ContainerSpec {
    command = List.copyOf(command);
    env = Collections.unmodifiableMap(new LinkedHashMap<>(env));
  }

  /** Environment values and arguments may be secrets: only name, image and program are named. */
  @Override
  public String toString() {
    return "ContainerSpec["
        + name
        + image.map(i -> " of " + i).orElse("")
        + (command.isEmpty() ? "" : " running " + command.get(0))
        + "]";
  }
}
