package io.katajava;

import io.katajava.ExecSpec.TerminalSize;
import io.katajava.agent.oci.OciDevice;
import io.katajava.agent.oci.OciHooks;
import io.katajava.agent.oci.OciIdMapping;
import io.katajava.agent.oci.OciMount;
import io.katajava.agent.oci.OciNamespace;
import io.katajava.agent.oci.OciRlimit;
import io.katajava.wait.WaitStrategy;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Describes a container and starts it. Not safe for several threads. */
public final class ContainerBuilder {
  /** How much of the output is kept with {@link #waitingFor} unless told otherwise. */
  private static final MemorySize LOG_WHEN_WAITING = MemorySize.mebibytes(1);

  private final String name;
  private final Function<ContainerSpec, Container> creator;
  private @Nullable String image;
  private @Nullable List<String> entrypoint;
  private final List<String> command = new ArrayList<>();
  private final Map<String, String> env = new LinkedHashMap<>();
  private @Nullable String workdir;
  private @Nullable String user;
  private @Nullable TerminalSize terminal;
  private final List<String> groups = new ArrayList<>();
  private OptionalInt umask = OptionalInt.empty();
  private final List<OciRlimit> rlimits = new ArrayList<>();
  private OptionalInt oomScoreAdj = OptionalInt.empty();
  private boolean readOnlyRoot;
  private String rootPropagation = "";
  private final List<OciMount> mounts = new ArrayList<>();
  private final List<ContainerSpec.EmptyDirectory> emptyDirectories = new ArrayList<>();
  private final List<OciDevice> devices = new ArrayList<>();
  private final Map<String, Volume> volumes = new LinkedHashMap<>();
  private final Map<String, InjectedFile> injected = new LinkedHashMap<>();
  private WritableLayer writableLayer = WritableLayer.MEMORY;
  private final ContainerSecurity.Builder security = ContainerSecurity.builder();
  private final ContainerLimits.Builder limits =
      ContainerLimits.builder().pids(ContainerLimits.DEFAULT_PIDS);
  private final List<OciNamespace> namespaces = new ArrayList<>();
  private boolean sharedPid;
  private final Map<String, String> sysctls = new LinkedHashMap<>();
  private OciHooks hooks = OciHooks.NONE;
  private ContainerSpec.@Nullable IdMappings idMappings;
  private @Nullable MemorySize keptLog;
  private @Nullable WaitStrategy readiness;
  private @Nullable Healthcheck healthcheck;

  /**
   * Makes a builder; {@link Sandbox#container} does.
   *
   * @param name the container's name
   * @param creator creates what was described, without starting it
   * @throws IllegalArgumentException if the name is not one
   */
  public ContainerBuilder(String name, Function<ContainerSpec, Container> creator) {
    this.name = Checks.name("container name", name);
    this.creator = creator;
  }

  /**
   * Sets the root filesystem by reference. Default: the guest's built-in {@code busybox}.
   *
   * @param image the reference
   * @return this
   */
  public ContainerBuilder image(String image) {
    this.image = image;
    return this;
  }

  /**
   * Sets the program that gets the command as its arguments; the image's own command then no longer
   * counts. Default: the image's.
   *
   * @param entrypoint program and arguments; nothing for no entrypoint, so that the command says
   *     all
   * @return this
   */
  public ContainerBuilder entrypoint(String... entrypoint) {
    if (entrypoint.length > 0) {
      Checks.command(List.of(entrypoint));
    }
    this.entrypoint = List.of(entrypoint);
    return this;
  }

  /**
   * Sets the first process; if the image or {@link #entrypoint} has an entrypoint, the arguments of
   * it. Default: the image's, and else one that just waits.
   *
   * @param command program and arguments
   * @return this
   * @throws IllegalArgumentException if it is empty or has a NUL character
   */
  public ContainerBuilder command(String... command) {
    return command(List.of(command));
  }

  /**
   * Sets the first process.
   *
   * @param command program and arguments
   * @return this
   * @throws IllegalArgumentException if it is empty or has a NUL character
   */
  public ContainerBuilder command(List<String> command) {
    Checks.command(command);
    this.command.clear();
    this.command.addAll(command);
    return this;
  }

  /**
   * Sets a variable on top of the image's environment.
   *
   * @param name its name
   * @param value its value
   * @return this
   * @throws IllegalArgumentException if the name is empty or has {@code =} or NUL
   */
  public ContainerBuilder env(String name, String value) {
    Checks.variable(name, value);
    env.put(name, value);
    return this;
  }

  /**
   * Sets the working directory.
   *
   * @param workdir an absolute path in the container
   * @return this
   * @throws IllegalArgumentException if it is not absolute
   */
  public ContainerBuilder workdir(String workdir) {
    this.workdir = Checks.absolute("working directory", workdir);
    return this;
  }

  /**
   * Sets the user of the first process and of commands executed later. Digits are a number and
   * never a name. Without a group, a user with an entry in the container's {@code /etc/passwd} has
   * its group there and the memberships of {@code /etc/group}; a group that is given takes the
   * place of all of them.
   *
   * @param user {@code name}, {@code uid}, {@code name:group} or {@code uid:gid}; numbers up to
   *     {@link io.katajava.agent.oci.OciUser#LAST_ID}
   * @return this
   * @throws IllegalArgumentException if it is no such user
   */
  public ContainerBuilder user(String user) {
    this.user = Checks.user(user);
    return this;
  }

  /**
   * Gives the first process a terminal instead of pipes.
   *
   * @param columns width in characters
   * @param rows height in characters
   * @return this
   */
  public ContainerBuilder tty(int columns, int rows) {
    this.terminal = new TerminalSize(columns, rows);
    return this;
  }

  /**
   * Makes the root filesystem read-only.
   *
   * @return this
   */
  public ContainerBuilder readOnlyRoot() {
    this.readOnlyRoot = true;
    return this;
  }

  /**
   * Adds groups the processes are in besides the user's own.
   *
   * @param groups names in the container's {@code /etc/group}, or numbers up to {@link
   *     io.katajava.agent.oci.OciUser#LAST_ID}
   * @return this
   * @throws IllegalArgumentException if one is neither
   */
  public ContainerBuilder groups(String... groups) {
    for (String group : groups) {
      this.groups.add(Checks.group(group));
    }
    return this;
  }

  /**
   * Sets the file mode creation mask. Default: 022.
   *
   * @param umask 0 to 0777
   * @return this
   */
  public ContainerBuilder umask(int umask) {
    this.umask = OptionalInt.of(Checks.umask(umask));
    return this;
  }

  /**
   * Limits a resource of each process; said again of the same one, the later limit counts. Default:
   * 1024 open files, at most 524288.
   *
   * @param resource what is limited
   * @param soft the limit in force; {@link OciRlimit#UNLIMITED} for none
   * @param hard how far a process may raise it
   * @return this
   * @throws IllegalArgumentException if the soft limit is above the hard one
   */
  public ContainerBuilder rlimit(OciRlimit.Resource resource, long soft, long hard) {
    if (Long.compareUnsigned(soft, hard) > 0) {
      throw new IllegalArgumentException(
          "the soft limit of " + resource + " is " + soft + ", above the hard limit " + hard);
    }
    OciRlimit limit = new OciRlimit(resource, soft, hard);
    this.rlimits.removeIf(earlier -> earlier.resource() == resource);
    this.rlimits.add(limit);
    return this;
  }

  /**
   * Sets how readily the container's processes are killed when memory is short.
   *
   * @param adjustment -1000 (never) to 1000 (first)
   * @return this
   */
  public ContainerBuilder oomScoreAdj(int adjustment) {
    if (adjustment < -1000 || adjustment > 1000) {
      throw new IllegalArgumentException(
          "the out-of-memory score is adjusted by -1000 to 1000, got " + adjustment);
    }
    this.oomScoreAdj = OptionalInt.of(adjustment);
    return this;
  }

  /**
   * Sets the mount propagation of the root. Default: {@code rslave}.
   *
   * @param propagation {@code private}, {@code slave}, {@code shared} or {@code unbindable}, with
   *     or without a leading {@code r}
   * @return this
   */
  public ContainerBuilder rootPropagation(String propagation) {
    if (!propagation.matches("r?(private|slave|shared|unbindable)")) {
      throw new IllegalArgumentException("'" + propagation + "' is no mount propagation");
    }
    this.rootPropagation = propagation;
    return this;
  }

  /**
   * Adds a mount.
   *
   * @param mount its source is a path in the guest, for a bind, or what the filesystem wants
   * @return this
   */
  public ContainerBuilder mount(OciMount mount) {
    this.mounts.add(mount);
    return this;
  }

  /**
   * Adds a filesystem in guest memory for this container alone.
   *
   * @param path absolute path in the container
   * @param limit how much it may hold, not zero
   * @return this
   * @throws IllegalArgumentException if it is zero, or the path is not absolute
   */
  public ContainerBuilder tmpfs(String path, MemorySize limit) {
    return mount(
        OciMount.of(
            Checks.absolute("mount point", path),
            "tmpfs",
            "tmpfs",
            "nosuid",
            "nodev",
            "mode=1777",
            "size=" + Checks.memoryLimit("the filesystem at " + path, limit).bytes()));
  }

  /**
   * Adds an empty directory in guest memory that containers of the sandbox share by its name.
   *
   * @param name unique in the sandbox
   * @param path absolute path in the container
   * @return this
   */
  public ContainerBuilder emptyDirectory(String name, String path) {
    this.emptyDirectories.add(
        new ContainerSpec.EmptyDirectory(
            Checks.name("name of a directory", name),
            Checks.absolute("mount point", path),
            Optional.empty()));
    return this;
  }

  /**
   * Adds an empty directory as {@link #emptyDirectory(String, String)} does, with a limit.
   *
   * @param name unique in the sandbox
   * @param path absolute path in the container
   * @param limit how much it may hold, not zero
   * @return this
   * @throws IllegalArgumentException if it is zero
   */
  public ContainerBuilder emptyDirectory(String name, String path, MemorySize limit) {
    this.emptyDirectories.add(
        new ContainerSpec.EmptyDirectory(
            Checks.name("name of a directory", name),
            Checks.absolute("mount point", path),
            Optional.of(Checks.memoryLimit("directory " + name, limit))));
    return this;
  }

  /**
   * Sets where changes of the root filesystem go. Default: {@link WritableLayer#MEMORY}.
   *
   * @param layer memory or a disk, with or without a limit
   * @return this
   */
  public ContainerBuilder writableLayer(WritableLayer layer) {
    this.writableLayer = layer;
    return this;
  }

  /**
   * Mounts a volume. Default: none.
   *
   * @param path absolute path in the container
   * @param volume what is there; replaces an earlier one at the same path
   * @return this
   */
  public ContainerBuilder volume(String path, Volume volume) {
    this.volumes.put(Checks.absolute("mount point", path), volume);
    return this;
  }

  /**
   * Puts a file into the container, read-only, from the guest's memory.
   *
   * @param path absolute path in the container; missing directories are made
   * @param content its bytes, at most 4 MiB
   * @param permissions such as 0644; with a bit to execute, such as 0755, it can be executed
   * @return this
   * @throws IllegalArgumentException if path, size or permissions are not such
   */
  public ContainerBuilder file(String path, byte[] content, int permissions) {
    return inject(path, content, permissions, false);
  }

  /**
   * Puts a secret into the container: a file in memory that only the container's user may read
   * (0400; 0444 inside the container where its user is given by name), of which neither a
   * description nor a log tells more than the path.
   *
   * @param path absolute path in the container; missing directories are made
   * @param content its bytes, at most 4 MiB; the caller may overwrite its array afterwards
   * @return this
   * @throws IllegalArgumentException if path or size are not such
   */
  public ContainerBuilder secret(String path, byte[] content) {
    return inject(path, content, 0400, true);
  }

  private ContainerBuilder inject(String path, byte[] content, int permissions, boolean secret) {
    if (content.length > 4 << 20) {
      throw new IllegalArgumentException(
          "a file put into a container has at most 4 MiB, "
              + path
              + " has "
              + content.length
              + " bytes; copy it with files()");
    }
    if (permissions < 0 || permissions > 0777) {
      throw new IllegalArgumentException(
          "permissions are 0 to 0777, got 0" + Integer.toOctalString(permissions));
    }
    injected.put(
        Checks.absolute("path of a file", path),
        new InjectedFile(path, content, permissions, secret));
    return this;
  }

  /**
   * Adds a device node.
   *
   * @param device the node and the numbers of a device of the guest
   * @return this
   */
  public ContainerBuilder device(OciDevice device) {
    this.devices.add(device);
    return this;
  }

  /**
   * Changes the security settings, beginning with the defaults; see {@link ContainerSecurity}.
   *
   * @param settings changes them
   * @return this
   */
  public ContainerBuilder security(Consumer<ContainerSecurity.Builder> settings) {
    settings.accept(security);
    return this;
  }

  /**
   * Sets limits; see {@link ContainerLimits}.
   *
   * @param settings sets them
   * @return this
   */
  public ContainerBuilder limits(Consumer<ContainerLimits.Builder> settings) {
    settings.accept(limits);
    return this;
  }

  /**
   * Limits the container's memory. Default: the machine's.
   *
   * @param limit not zero
   * @return this
   */
  public ContainerBuilder memoryLimit(MemorySize limit) {
    limits.memory(limit);
    return this;
  }

  /**
   * Limits the CPU time. Default: the machine's vCPUs.
   *
   * @param cpus how many CPUs' time, for example 0.5
   * @return this
   */
  public ContainerBuilder cpus(double cpus) {
    limits.cpus(cpus);
    return this;
  }

  /**
   * Limits the number of processes and threads. Default: {@link ContainerLimits#DEFAULT_PIDS}. In a
   * small guest one container has at most three quarters of what its kernel can number.
   *
   * @param limit at least 1
   * @return this
   */
  public ContainerBuilder pidsLimit(long limit) {
    limits.pids(limit);
    return this;
  }

  /**
   * Does not limit the number of processes and threads: only the guest does, to what its kernel can
   * number, less a few for its agent.
   *
   * @return this
   */
  public ContainerBuilder unlimitedPids() {
    limits.unlimitedPids();
    return this;
  }

  /**
   * Gives the container a namespace of its own, or lets it join one by path, where the containers
   * of a sandbox share one (network, ipc, uts). Pid, mount and cgroup namespaces are its own
   * anyway. Of two of a kind the later one counts.
   *
   * @param namespace which, and its path if it is joined
   * @return this
   */
  public ContainerBuilder namespace(OciNamespace namespace) {
    this.namespaces.add(namespace);
    return this;
  }

  /**
   * Gives the container a user namespace of its own, in which users and groups 0 to {@code count -
   * 1} stand for others of the guest: root inside has no rights outside. A writable root filesystem
   * is given to them, file by file, when the container is made. The container has an ipc namespace
   * of its own, too; it shares the network but cannot change it. Default: the guest's users.
   *
   * @param firstGuestId whom root inside stands for
   * @param count how many users and groups there are
   * @return this
   * @throws IllegalArgumentException if that is no range of 32-bit numbers
   */
  public ContainerBuilder userNamespace(long firstGuestId, long count) {
    List<OciIdMapping> all = List.of(new OciIdMapping(0, firstGuestId, count));
    return userNamespace(all, all);
  }

  /**
   * Gives the container a user namespace as {@link #userNamespace(long, long)} does, with any
   * ranges.
   *
   * @param uids ranges of users, at least one
   * @param gids ranges of groups, at least one
   * @return this
   * @throws IllegalArgumentException if there are none
   */
  public ContainerBuilder userNamespace(List<OciIdMapping> uids, List<OciIdMapping> gids) {
    if (uids.isEmpty() || gids.isEmpty()) {
      throw new IllegalArgumentException("a user namespace needs users and groups");
    }
    this.idMappings = new ContainerSpec.IdMappings(uids, gids);
    return this;
  }

  /**
   * Puts the container into the pid namespace that all containers of the sandbox with this setting
   * share: they see each other's processes. Default: its own, in which its first process is pid 1.
   *
   * @return this
   */
  public ContainerBuilder sharedPid() {
    this.sharedPid = true;
    return this;
  }

  /**
   * Sets a kernel parameter of the container's namespaces.
   *
   * @param name {@code net.*}, {@code fs.mqueue.*}, {@code kernel.shm*}, {@code kernel.msg*},
   *     {@code kernel.sem} or {@code kernel.domainname}; the agent refuses others
   * @param value the value
   * @return this
   */
  public ContainerBuilder sysctl(String name, String value) {
    this.sysctls.put(name, value);
    return this;
  }

  /**
   * Sets programs run at points of the container's life. Default: none.
   *
   * @param hooks the programs, most of them the guest's own
   * @return this
   */
  public ContainerBuilder hooks(OciHooks hooks) {
    this.hooks = hooks;
    return this;
  }

  /**
   * Keeps the first process's output as a log, the newest part of it, instead of giving it out as
   * streams: nobody has to read it, and the process never waits. See {@link Container#log}.
   *
   * @param limit how much is kept
   * @return this
   */
  public ContainerBuilder keepLog(MemorySize limit) {
    if (limit.bytes() == 0) {
      throw new IllegalArgumentException("a log needs room for at least 1 byte, got 0 bytes");
    }
    this.keptLog = limit;
    return this;
  }

  /**
   * Sets the health check, which {@link io.katajava.wait.Wait#forHealthcheck()} runs. Default: the
   * image's.
   *
   * @param check takes the place of the image's; {@link Healthcheck#NONE} for none
   * @return this
   */
  public ContainerBuilder healthcheck(Healthcheck check) {
    this.healthcheck = check;
    return this;
  }

  /**
   * Lets {@link #start} wait until the container is ready. The output of its first process is then
   * kept as a log of 1 MiB, unless {@link #keepLog} says otherwise or it has a terminal. Default:
   * the container is ready as soon as it is started.
   *
   * @param strategy tells when it is; {@link io.katajava.wait.Wait} has the usual ones
   * @return this
   */
  public ContainerBuilder waitingFor(WaitStrategy strategy) {
    this.readiness = strategy;
    return this;
  }

  /**
   * What was described.
   *
   * @return an immutable description
   * @throws IllegalStateException if a user namespace is to go with a namespace of another
   *     container, or swap is limited and memory is not
   */
  public ContainerSpec spec() {
    if (idMappings != null
        && (sharedPid || namespaces.stream().anyMatch(n -> !n.path().isEmpty()))) {
      throw new IllegalStateException(
          "container "
              + name
              + " has a user namespace of its own and cannot join "
              + (sharedPid ? "the shared pid namespace" : "another namespace by path"));
    }
    return new ContainerSpec(
        name,
        Optional.ofNullable(image),
        new ContainerSpec.MainProcess(
            Optional.ofNullable(entrypoint),
            command,
            env,
            Optional.ofNullable(workdir),
            Optional.ofNullable(user),
            groups,
            umask,
            Optional.ofNullable(terminal),
            rlimits,
            oomScoreAdj),
        new ContainerSpec.Files(
            readOnlyRoot,
            rootPropagation,
            mounts,
            emptyDirectories,
            devices,
            volumes,
            injected,
            writableLayer),
        security.build(),
        limits.build().requireWhole(),
        new ContainerSpec.Kernel(
            namespaces, sharedPid, sysctls, hooks, Optional.ofNullable(idMappings)),
        keptLog(),
        Optional.ofNullable(healthcheck));
  }

  private Optional<MemorySize> keptLog() {
    return keptLog == null && readiness != null && terminal == null
        ? Optional.of(LOG_WHEN_WAITING)
        : Optional.ofNullable(keptLog);
  }

  /**
   * Creates the container without starting it: root filesystem, namespaces and limits are ready,
   * its first process waits for {@link Container#start}.
   *
   * @return the container, to be closed
   * @throws CommandNotStartedException when its first process could not be started
   * @throws KataException when the container cannot be made; nothing of it is left
   */
  public Container create() {
    return creator.apply(spec());
  }

  /**
   * Creates and starts the container, and waits until it is ready if {@link #waitingFor} was said.
   *
   * @return the running container
   * @throws CommandNotStartedException when its first process cannot be started
   * @throws io.katajava.wait.ContainerNotReadyException when it does not become ready; it is closed
   * @throws KataException when the container cannot be made; nothing of it is left
   */
  public Container start() {
    Container container = create();
    try {
      container.start();
      if (readiness != null) {
        container.waitUntil(readiness);
      }
    } catch (RuntimeException e) {
      container.close();
      throw e;
    }
    return container;
  }
}
