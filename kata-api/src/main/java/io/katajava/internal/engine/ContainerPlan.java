package io.katajava.internal.engine;

import io.katajava.ContainerSpec;
import io.katajava.ExecSpec;
import io.katajava.MemorySize;
import io.katajava.agent.oci.OciCapabilities;
import io.katajava.agent.oci.OciHooks;
import io.katajava.agent.oci.OciLinux;
import io.katajava.agent.oci.OciMount;
import io.katajava.agent.oci.OciNamespace;
import io.katajava.agent.oci.OciProcess;
import io.katajava.agent.oci.OciResources;
import io.katajava.agent.oci.OciRoot;
import io.katajava.agent.oci.OciSpec;
import io.katajava.agent.oci.OciUser;
import io.katajava.spi.Rootfs;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Everything decided about a container before the agent hears of it.
 *
 * @param id its id for the agent
 * @param hostname its host name
 * @param spec what the user asked for
 * @param rootfs its root filesystem, with the image's defaults
 * @param command its first process; empty when it is the guest's program that waits
 * @param pause that program's path in the guest, when it is used
 */
record ContainerPlan(
    String id,
    String hostname,
    ContainerSpec spec,
    Rootfs rootfs,
    List<String> command,
    Optional<String> pause) {
  /** Where the program that waits is seen in the container: /dev is always the container's own. */
  private static final String PAUSE = "/dev/.kata-pause";

  private static final int CPU_PERIOD_MICROS = 100_000;

  OciSpec toOci() {
    List<OciMount> mounts = new ArrayList<>(OciDefaults.MOUNTS);
    pause.ifPresent(
        path -> mounts.add(OciMount.of(PAUSE, "bind", path, "bind", "ro", "nosuid", "nodev")));
    return new OciSpec(
        mainProcess(),
        new OciRoot(rootfs.path(), spec.readOnlyRoot()),
        hostname,
        mounts,
        OciHooks.NONE,
        Map.of(),
        OciLinux.of(
                List.of(
                    OciNamespace.create(OciNamespace.Type.PID),
                    OciNamespace.create(OciNamespace.Type.MOUNT),
                    OciNamespace.create(OciNamespace.Type.IPC),
                    OciNamespace.create(OciNamespace.Type.UTS),
                    OciNamespace.create(OciNamespace.Type.CGROUP)))
            .withResources(resources())
            .withProtectedPaths(OciDefaults.MASKED_PATHS, OciDefaults.READONLY_PATHS));
  }

  /** The first process, for messages. */
  List<String> mainCommand() {
    return command.isEmpty() ? List.of(PAUSE) : command;
  }

  private OciProcess mainProcess() {
    return process(mainCommand(), Map.of(), Optional.empty(), Optional.empty(), spec.terminal());
  }

  /** A further process of the container: the container's settings under the execution's own. */
  OciProcess process(ExecSpec exec) {
    return process(exec.command(), exec.env(), exec.workdir(), exec.user(), exec.terminal());
  }

  private OciProcess process(
      List<String> args,
      Map<String, String> moreEnv,
      Optional<String> workdir,
      Optional<String> user,
      Optional<ExecSpec.TerminalSize> terminal) {
    OciProcess.Builder process =
        OciProcess.builder(args)
            .cwd(workdir.or(spec::workdir).or(rootfs::workdir).orElse("/"))
            .user(
                user.or(spec::user).or(rootfs::user).map(ContainerPlan::user).orElse(OciUser.ROOT))
            .capabilities(OciCapabilities.of(OciDefaults.CAPABILITIES))
            .noNewPrivileges(true);
    Map<String, String> env = new LinkedHashMap<>(rootfs.env());
    env.putIfAbsent("PATH", OciDefaults.PATH);
    if (terminal.isPresent()) {
      env.put("TERM", "xterm");
    }
    env.putAll(spec.env());
    env.putAll(moreEnv);
    env.forEach(process::env);
    terminal.ifPresent(size -> process.terminal(size.columns(), size.rows()));
    return process.build();
  }

  /** Numbers are taken as they are; names are for the agent, which knows the container's files. */
  private static OciUser user(String text) {
    String[] parts = text.split(":", 2);
    if (parts[0].matches("\\d{1,10}") && (parts.length == 1 || parts[1].matches("\\d{1,10}"))) {
      long uid = Long.parseLong(parts[0]);
      return new OciUser(uid, parts.length == 2 ? Long.parseLong(parts[1]) : 0, List.of(), "");
    }
    return new OciUser(0, 0, List.of(), text);
  }

  private OciResources resources() {
    return new OciResources(
        spec.memoryLimit()
            .map(MemorySize::bytes)
            .map(bytes -> new OciResources.Memory(bytes, 0, bytes)),
        spec.cpus()
            .map(
                cpus ->
                    new OciResources.Cpu(
                        0, Math.round(cpus * CPU_PERIOD_MICROS), CPU_PERIOD_MICROS, "", "")),
        spec.pidsLimit().map(OptionalLong::of).orElse(OptionalLong.empty()),
        Optional.empty(),
        List.of());
  }
}
