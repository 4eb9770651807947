package io.katajava.internal.container;

import io.katajava.ContainerLimits;
import io.katajava.ContainerSpec;
import io.katajava.ExecSpec;
import io.katajava.agent.AgentStorage;
import io.katajava.agent.ContainerRequest;
import io.katajava.agent.oci.OciIdMapping;
import io.katajava.agent.oci.OciLinux;
import io.katajava.agent.oci.OciMount;
import io.katajava.agent.oci.OciNamespace;
import io.katajava.agent.oci.OciProcess;
import io.katajava.agent.oci.OciRoot;
import io.katajava.agent.oci.OciSpec;
import io.katajava.agent.oci.OciUser;
import io.katajava.internal.link.AgentPaths;
import io.katajava.internal.oci.UserNumbers;
import io.katajava.spi.Rootfs;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Everything decided about a container before the agent hears of it.
 *
 * @param id its id for the agent
 * @param hostname its host name
 * @param mounts the files all containers of the sandbox get, and its volumes
 * @param directories directories in guest memory that its volumes are
 * @param spec what the user asked for
 * @param rootfs its root filesystem, with the image's defaults
 * @param command its first process; empty when it is the guest's program that waits
 * @param pause that program's path in the guest, when it is used
 */
public record ContainerPlan(
    String id,
    String hostname,
    List<OciMount> mounts,
    List<ContainerSpec.EmptyDirectory> directories,
    ContainerSpec spec,
    Rootfs rootfs,
    List<String> command,
    Optional<String> pause) {
  /** Where the program that waits is seen in the container: /dev is always the container's own. */
  private static final String PAUSE = "/dev/.kata-pause";

  /** The same container under another id, which is how one is started again. */
  ContainerPlan withId(String id) {
    return new ContainerPlan(id, hostname, mounts, directories, spec, rootfs, command, pause);
  }

  /**
   * What it is made of, but for its names: equal fingerprints, interchangeable containers as long
   * as nothing has run in them.
   */
  String fingerprint() {
    ContainerRequest request =
        new ContainerPlan("ID", "HOST", mounts, directories, spec, rootfs, command, pause)
            .toRequest(spec.limits(), Optional.empty());
    return (rootfs.description() + " " + request.storages() + " " + request.spec())
        .replace(id, "ID");
  }

  /**
   * The request that creates it, under the given limits.
   *
   * @param pidHolder the container whose pid namespace is joined, as our agent understands it; when
   *     absent others are asked for the namespace of the first container
   */
  ContainerRequest toRequest(ContainerLimits limits, Optional<String> pidHolder) {
    List<AgentStorage> storages = new ArrayList<>();
    for (Rootfs.Mount mount : rootfs.storages()) {
      storages.add(
          new AgentStorage(
              mount.driver(),
              driverOptions(mount),
              mount.source(),
              mount.fstype(),
              mount.options(),
              mount.mountPoint(),
              Optional.empty(),
              false));
    }
    List<ContainerSpec.EmptyDirectory> all = new ArrayList<>(spec.files().emptyDirectories());
    all.addAll(directories);
    for (ContainerSpec.EmptyDirectory directory : all) {
      List<String> options = new ArrayList<>(List.of("nosuid", "nodev", "mode=1777"));
      directory.limit().ifPresent(limit -> options.add("size=" + limit.bytes()));
      storages.add(
          new AgentStorage(
              "ephemeral",
              List.of(),
              "tmpfs",
              "tmpfs",
              options,
              AgentPaths.volume(directory.name()),
              Optional.empty(),
              true));
    }
    return ContainerRequest.builder(id, toOci(limits, pidHolder))
        .storages(storages)
        .sharedPidNamespace(spec.kernel().sharedPid() && pidHolder.isEmpty())
        .build();
  }

  /** A writable root is given to those whom a user namespace's users stand for. */
  private List<String> driverOptions(Rootfs.Mount mount) {
    List<String> options = new ArrayList<>(mount.driverOptions());
    boolean writable =
        mount.options().stream()
            .anyMatch(
                option ->
                    option.equals(AgentPaths.OVERLAY_WRITABLE) || option.startsWith("upperdir="));
    if (!writable) {
      return options;
    }
    for (ContainerSpec.IdMappings ids : spec.kernel().idMappings().stream().toList()) {
      ids.uids().forEach(range -> options.add(AgentPaths.OVERLAY_OWNERS + "uid=" + text(range)));
      ids.gids().forEach(range -> options.add(AgentPaths.OVERLAY_OWNERS + "gid=" + text(range)));
    }
    return options;
  }

  private static String text(OciIdMapping range) {
    return range.containerId() + ":" + range.guestId() + ":" + range.size();
  }

  private OciSpec toOci(ContainerLimits limits, Optional<String> pidHolder) {
    return new OciSpec(
        mainProcess(),
        new OciRoot(rootfs.path(), spec.files().readOnlyRoot()),
        hostname,
        allMounts(),
        spec.kernel().hooks(),
        Map.of(),
        new OciLinux(
            namespaces(pidHolder),
            limits.toOci(),
            "",
            spec.files().devices(),
            spec.kernel().sysctls(),
            spec.security().maskedPaths(),
            spec.security().readonlyPaths(),
            spec.files().rootPropagation(),
            spec.security().seccomp().filter(spec.security().capabilities().bounding()),
            spec.kernel().idMappings().map(ContainerSpec.IdMappings::uids).orElse(List.of()),
            spec.kernel().idMappings().map(ContainerSpec.IdMappings::gids).orElse(List.of())));
  }

  private List<OciMount> allMounts() {
    List<OciMount> all = new ArrayList<>(OciDefaults.MOUNTS);
    all.addAll(mounts);
    pause.ifPresent(
        path -> all.add(OciMount.of(PAUSE, "bind", path, "bind", "ro", "nosuid", "nodev")));
    for (ContainerSpec.EmptyDirectory directory : spec.files().emptyDirectories()) {
      all.add(
          OciMount.of(
              directory.path(), "bind", AgentPaths.volume(directory.name()), "rbind", "rslave"));
    }
    all.addAll(spec.files().mounts());
    return all;
  }

  /** Network, ipc and uts are not listed and thus shared, as the containers of a pod have it. */
  private List<OciNamespace> namespaces(Optional<String> pidHolder) {
    Map<OciNamespace.Type, OciNamespace> all = new LinkedHashMap<>();
    for (OciNamespace.Type type :
        List.of(OciNamespace.Type.PID, OciNamespace.Type.MOUNT, OciNamespace.Type.CGROUP)) {
      all.put(type, OciNamespace.create(type));
    }
    if (spec.kernel().idMappings().isPresent()) {
      // Message queues can be mounted only by the owner of their namespace.
      for (OciNamespace.Type type : List.of(OciNamespace.Type.USER, OciNamespace.Type.IPC)) {
        all.put(type, OciNamespace.create(type));
      }
    }
    if (spec.kernel().sharedPid()) {
      // Upstream's agent takes the first pid namespace it finds in the list, ours the sandbox's.
      all.remove(OciNamespace.Type.PID);
      pidHolder.ifPresent(
          holder ->
              all.put(
                  OciNamespace.Type.PID,
                  new OciNamespace(OciNamespace.Type.PID, AgentPaths.NAMESPACE_OF + holder)));
    }
    spec.kernel().namespaces().forEach(namespace -> all.put(namespace.type(), namespace));
    return List.copyOf(all.values());
  }

  /** The first process, for messages. */
  List<String> mainCommand() {
    return command.isEmpty() ? List.of(PAUSE) : command;
  }

  private OciProcess mainProcess() {
    return process(
        mainCommand(),
        Map.of(),
        Optional.empty(),
        user(spec.process().user().or(rootfs.config()::user), spec.process().umask()),
        spec.process().terminal());
  }

  /** A further process of the container: the container's settings under the execution's own. */
  OciProcess process(ExecSpec exec) {
    return process(
        exec.command(),
        exec.env(),
        exec.workdir(),
        user(exec.user().or(() -> spec.process().user()).or(rootfs.config()::user), exec.umask()),
        exec.terminal());
  }

  private OciProcess process(
      List<String> args,
      Map<String, String> moreEnv,
      Optional<String> workdir,
      OciUser user,
      Optional<ExecSpec.TerminalSize> terminal) {
    OciProcess.Builder process =
        OciProcess.builder(args)
            .cwd(
                workdir.or(() -> spec.process().workdir()).or(rootfs.config()::workdir).orElse("/"))
            .user(user)
            .capabilities(spec.security().capabilities())
            .noNewPrivileges(spec.security().noNewPrivileges());
    spec.process().rlimits().forEach(process::rlimit);
    spec.process().oomScoreAdj().ifPresent(process::oomScoreAdj);
    Map<String, String> env = new LinkedHashMap<>(rootfs.config().env());
    env.putIfAbsent("PATH", OciDefaults.PATH);
    if (terminal.isPresent()) {
      env.put("TERM", "xterm");
    }
    env.putAll(spec.process().env());
    env.putAll(moreEnv);
    env.forEach(process::env);
    terminal.ifPresent(size -> process.terminal(size.columns(), size.rows()));
    return process.build();
  }

  /** Numbers are taken as they are; names are for the agent, which knows the container's files. */
  private OciUser user(Optional<String> text, OptionalInt umask) {
    List<String> groups = spec.process().groups();
    List<Long> numbers =
        groups.stream().filter(ContainerPlan::isNumber).map(Long::valueOf).toList();
    List<String> names = groups.stream().filter(group -> !isNumber(group)).toList();
    String[] parts = text.orElse("0:0").split(":", 2);
    if (parts.length == 2 && isNumber(parts[0]) && isNumber(parts[1])) {
      return new OciUser(
          Long.parseLong(parts[0]), Long.parseLong(parts[1]), numbers, "", names, umask);
    }
    if (isNumber(parts[0]) && parts.length == 1) {
      // An agent that looks the number up finds its group, too; others have group 0.
      return new OciUser(Long.parseLong(parts[0]), 0, numbers, parts[0], names, umask);
    }
    return new OciUser(0, 0, numbers, text.orElse(""), names, umask);
  }

  /** Digits that are no number of a user go to the agent, which refuses them by name. */
  private static boolean isNumber(String text) {
    return UserNumbers.isOne(text);
  }
}
