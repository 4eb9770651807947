package io.katajava;

import io.katajava.ExecSpec.TerminalSize;
import io.katajava.agent.oci.OciDevice;
import io.katajava.agent.oci.OciHooks;
import io.katajava.agent.oci.OciIdMapping;
import io.katajava.agent.oci.OciMount;
import io.katajava.agent.oci.OciNamespace;
import io.katajava.agent.oci.OciRlimit;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The description of a container. Made by {@link ContainerBuilder}.
 *
 * @param name its name, unique in the sandbox
 * @param image the root filesystem's reference; the guest's built-in {@code busybox} when absent
 * @param process its first process, and what commands executed later inherit
 * @param files its filesystems
 * @param security capabilities, system calls, protected paths
 * @param limits limits of its cgroup
 * @param kernel namespaces, kernel settings, hooks
 * @param keptLog how much of the first process's output is kept as a log; absent when its streams
 *     are read instead
 * @param healthcheck what tells whether it works; the image's when absent
 */
public record ContainerSpec(
    String name,
    Optional<String> image,
    MainProcess process,
    Files files,
    ContainerSecurity security,
    ContainerLimits limits,
    Kernel kernel,
    Optional<MemorySize> keptLog,
    Optional<Healthcheck> healthcheck) {

  /**
   * Describes a container without making it: end with {@link ContainerBuilder#spec}. Its {@code
   * create} and {@code start} throw an {@link IllegalStateException}, since there is no sandbox.
   *
   * @param name the container's name
   * @return a builder
   * @throws IllegalArgumentException if the name is not one
   */
  public static ContainerBuilder builder(String name) {
    return new ContainerBuilder(
        name,
        spec -> {
          throw new IllegalStateException(
              "container " + spec.name() + " is described only: a sandbox makes containers");
        });
  }

  /**
   * A container's first process.
   *
   * @param entrypoint program, with arguments, that gets the command as further arguments; the
   *     image's when absent
   * @param command arguments of the entrypoint, or program and arguments when there is none; when
   *     empty the image's, and when there is nothing to run at all a program that just waits, so
   *     that commands can be executed
   * @param env variables on top of the image's
   * @param workdir the working directory, absolute; the image's or {@code /} when absent
   * @param user {@code name[:group]} or {@code uid[:gid]}; the image's or root when absent
   * @param groups further groups, by name or number
   * @param umask the file mode creation mask; 022 when absent
   * @param terminal the terminal of the first process; pipes when absent
   * @param rlimits resource limits of its processes
   * @param oomScoreAdj how readily it is killed when memory is short, -1000 to 1000
   */
  public record MainProcess(
      Optional<List<String>> entrypoint,
      List<String> command,
      Map<String, String> env,
      Optional<String> workdir,
      Optional<String> user,
      List<String> groups,
      OptionalInt umask,
      Optional<TerminalSize> terminal,
      List<OciRlimit> rlimits,
      OptionalInt oomScoreAdj) {

    /** Copies the collections. */
    public MainProcess {
      entrypoint = entrypoint.map(List::copyOf);
      command = List.copyOf(command);
      env = Collections.unmodifiableMap(new LinkedHashMap<>(env));
      groups = List.copyOf(groups);
      rlimits = List.copyOf(rlimits);
    }

    /** Environment values and arguments may be secrets: only the program is named. */
    @Override
    public String toString() {
      return "MainProcess[" + (command.isEmpty() ? "" : command.get(0)) + "]";
    }
  }

  /**
   * A container's filesystems.
   *
   * @param readOnlyRoot whether the root filesystem cannot be written
   * @param rootPropagation mount propagation of the root, for example {@code rslave}; empty for
   *     that
   * @param mounts further mounts, their sources being paths in the guest
   * @param emptyDirectories directories in guest memory that containers of a sandbox share by name
   * @param devices device nodes besides the usual ones
   * @param volumes path in the container to what is there
   * @param injected path in the container to the file that is put there
   * @param writableLayer where changes of the root filesystem go
   */
  public record Files(
      boolean readOnlyRoot,
      String rootPropagation,
      List<OciMount> mounts,
      List<EmptyDirectory> emptyDirectories,
      List<OciDevice> devices,
      Map<String, Volume> volumes,
      Map<String, InjectedFile> injected,
      WritableLayer writableLayer) {

    /** Copies the collections. */
    public Files {
      mounts = List.copyOf(mounts);
      emptyDirectories = List.copyOf(emptyDirectories);
      devices = List.copyOf(devices);
      volumes = Collections.unmodifiableMap(new LinkedHashMap<>(volumes));
      injected = Collections.unmodifiableMap(new LinkedHashMap<>(injected));
    }
  }

  /**
   * A directory in guest memory; containers that name the same one see the same files. It lives as
   * long as the sandbox.
   *
   * @param name its name, unique in the sandbox
   * @param path where it is in the container
   * @param limit how much it may hold; half of the guest's memory when absent. The first container
   *     that names it decides
   */
  public record EmptyDirectory(String name, String path, Optional<MemorySize> limit) {}

  /**
   * The settings of a container that concern the guest's kernel.
   *
   * @param namespaces namespaces of its own, or joined by path, in place of the sandbox's shared
   *     ones; pid, mount and cgroup are its own in any case
   * @param sharedPid whether it is in the pid namespace that containers of the sandbox share
   * @param sysctls settings of its namespaces
   * @param hooks programs of the guest and of the container run at points of its life
   * @param idMappings users and groups of a user namespace of its own; absent without one
   */
  public record Kernel(
      List<OciNamespace> namespaces,
      boolean sharedPid,
      Map<String, String> sysctls,
      OciHooks hooks,
      Optional<IdMappings> idMappings) {

    /** Copies the collections. */
    public Kernel {
      namespaces = List.copyOf(namespaces);
      sysctls = Map.copyOf(sysctls);
    }
  }

  /**
   * Whom a container's users and groups stand for in the guest.
   *
   * @param uids ranges of users
   * @param gids ranges of groups
   */
  public record IdMappings(List<OciIdMapping> uids, List<OciIdMapping> gids) {

    /** Copies the lists. */
    public IdMappings {
      uids = List.copyOf(uids);
      gids = List.copyOf(gids);
    }
  }

  /** Environment values and arguments may be secrets: only name, image and program are named. */
  @Override
  public String toString() {
    return "ContainerSpec["
        + name
        + image.map(i -> " of " + i).orElse("")
        + (process.command().isEmpty() ? "" : " running " + process.command().get(0))
        + "]";
  }
}
