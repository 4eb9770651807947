package io.katajava.agent.internal;

import io.katajava.agent.internal.wire.Box;
import io.katajava.agent.internal.wire.Hook;
import io.katajava.agent.internal.wire.Hooks;
import io.katajava.agent.internal.wire.Linux;
import io.katajava.agent.internal.wire.LinuxBlockIO;
import io.katajava.agent.internal.wire.LinuxCPU;
import io.katajava.agent.internal.wire.LinuxCapabilities;
import io.katajava.agent.internal.wire.LinuxDevice;
import io.katajava.agent.internal.wire.LinuxDeviceCgroup;
import io.katajava.agent.internal.wire.LinuxIDMapping;
import io.katajava.agent.internal.wire.LinuxMemory;
import io.katajava.agent.internal.wire.LinuxNamespace;
import io.katajava.agent.internal.wire.LinuxPids;
import io.katajava.agent.internal.wire.LinuxResources;
import io.katajava.agent.internal.wire.LinuxSeccomp;
import io.katajava.agent.internal.wire.LinuxSeccompArg;
import io.katajava.agent.internal.wire.LinuxSyscall;
import io.katajava.agent.internal.wire.LinuxThrottleDevice;
import io.katajava.agent.internal.wire.Mount;
import io.katajava.agent.internal.wire.POSIXRlimit;
import io.katajava.agent.internal.wire.Process;
import io.katajava.agent.internal.wire.Root;
import io.katajava.agent.internal.wire.Spec;
import io.katajava.agent.internal.wire.User;
import io.katajava.agent.oci.OciCapabilities;
import io.katajava.agent.oci.OciCapability;
import io.katajava.agent.oci.OciDevice;
import io.katajava.agent.oci.OciHook;
import io.katajava.agent.oci.OciHooks;
import io.katajava.agent.oci.OciIdMapping;
import io.katajava.agent.oci.OciLinux;
import io.katajava.agent.oci.OciMount;
import io.katajava.agent.oci.OciNamespace;
import io.katajava.agent.oci.OciProcess;
import io.katajava.agent.oci.OciResources;
import io.katajava.agent.oci.OciRlimit;
import io.katajava.agent.oci.OciSeccomp;
import io.katajava.agent.oci.OciSpec;
import io.katajava.agent.oci.OciUser;
import java.util.List;
import java.util.Set;

/** Turns the OCI model into the protocol's messages. */
public final class OciWire {
  private OciWire() {}

  /**
   * Converts a container.
   *
   * @param spec the model
   * @return the message
   */
  public static Spec spec(OciSpec spec) {
    return Spec.newBuilder()
        .setVersion(OciSpec.VERSION)
        .setProcess(process(spec.process()))
        .setRoot(Root.newBuilder().setPath(spec.root().path()).setReadonly(spec.root().readonly()))
        .setHostname(spec.hostname())
        .addAllMounts(spec.mounts().stream().map(OciWire::mount).toList())
        .setHooks(hooks(spec.hooks()))
        .putAllAnnotations(spec.annotations())
        .setLinux(linux(spec.linux()))
        .build();
  }

  /**
   * Converts a process.
   *
   * @param process the model
   * @return the message
   */
  public static Process process(OciProcess process) {
    Process.Builder wire =
        Process.newBuilder()
            .setTerminal(process.terminal())
            .setUser(user(process.user()))
            .addAllArgs(process.args())
            .addAllEnv(process.env())
            .setCwd(process.cwd())
            .setCapabilities(capabilities(process.capabilities()))
            .addAllRlimits(process.rlimits().stream().map(OciWire::rlimit).toList())
            .setNoNewPrivileges(process.noNewPrivileges());
    process.oomScoreAdj().ifPresent(wire::setOOMScoreAdj);
    process
        .consoleSize()
        .ifPresent(
            size ->
                wire.setConsoleSize(
                    Box.newBuilder().setHeight(size.rows()).setWidth(size.columns())));
    return wire.build();
  }

  /**
   * Converts limits; never absent on the wire, because processes join no cgroup without them.
   *
   * @param resources the model
   * @return the message
   */
  public static LinuxResources resources(OciResources resources) {
    LinuxResources.Builder wire =
        LinuxResources.newBuilder()
            .addAllDevices(resources.devices().stream().map(OciWire::deviceRule).toList());
    resources
        .memory()
        .ifPresent(
            memory ->
                wire.setMemory(
                    LinuxMemory.newBuilder()
                        .setLimit(memory.limit())
                        .setReservation(memory.reservation())
                        .setSwap(memory.swap())));
    resources
        .cpu()
        .ifPresent(
            cpu ->
                wire.setCPU(
                    LinuxCPU.newBuilder()
                        .setShares(cpu.shares())
                        .setQuota(cpu.quotaMicros())
                        .setPeriod(cpu.periodMicros())
                        .setCpus(cpu.cpus())
                        .setMems(cpu.mems())));
    resources.pids().ifPresent(limit -> wire.setPids(LinuxPids.newBuilder().setLimit(limit)));
    resources.blockIo().ifPresent(blockIo -> wire.setBlockIO(blockIo(blockIo)));
    return wire.build();
  }

  private static Linux linux(OciLinux linux) {
    Linux.Builder wire =
        Linux.newBuilder()
            .addAllNamespaces(linux.namespaces().stream().map(OciWire::namespace).toList())
            .setResources(resources(linux.resources()))
            .setCgroupsPath(linux.cgroupsPath())
            .addAllDevices(linux.devices().stream().map(OciWire::device).toList())
            .putAllSysctl(linux.sysctl())
            .addAllMaskedPaths(linux.maskedPaths())
            .addAllReadonlyPaths(linux.readonlyPaths())
            .setRootfsPropagation(linux.rootfsPropagation())
            .addAllUIDMappings(linux.uidMappings().stream().map(OciWire::idMapping).toList())
            .addAllGIDMappings(linux.gidMappings().stream().map(OciWire::idMapping).toList());
    linux.seccomp().ifPresent(filter -> wire.setSeccomp(seccomp(filter)));
    return wire.build();
  }

  private static LinuxIDMapping idMapping(OciIdMapping mapping) {
    // Unsigned on the wire; a Java int carries the same 32 bits.
    return LinuxIDMapping.newBuilder()
        .setContainerID((int) mapping.containerId())
        .setHostID((int) mapping.guestId())
        .setSize((int) mapping.size())
        .build();
  }

  private static Mount mount(OciMount mount) {
    return Mount.newBuilder()
        .setDestination(mount.destination())
        .setType(mount.type())
        .setSource(mount.source())
        .addAllOptions(mount.options())
        .build();
  }

  private static User user(OciUser user) {
    // The ids are unsigned on the wire; a Java int carries the same 32 bits.
    return User.newBuilder()
        .setUID((int) user.uid())
        .setGID((int) user.gid())
        .addAllAdditionalGids(
            user.additionalGids().stream().map(gid -> (int) gid.longValue()).toList())
        .setUsername(user.username())
        .build();
  }

  private static LinuxCapabilities capabilities(OciCapabilities sets) {
    return LinuxCapabilities.newBuilder()
        .addAllBounding(names(sets.bounding()))
        .addAllEffective(names(sets.effective()))
        .addAllInheritable(names(sets.inheritable()))
        .addAllPermitted(names(sets.permitted()))
        .addAllAmbient(names(sets.ambient()))
        .build();
  }

  private static List<String> names(Set<OciCapability> capabilities) {
    return capabilities.stream().sorted().map(OciCapability::wireName).toList();
  }

  private static POSIXRlimit rlimit(OciRlimit rlimit) {
    return POSIXRlimit.newBuilder()
        .setType(rlimit.resource().wireName())
        .setHard(rlimit.hard())
        .setSoft(rlimit.soft())
        .build();
  }

  private static Hooks hooks(OciHooks hooks) {
    return Hooks.newBuilder()
        .addAllPrestart(hookList(hooks.prestart()))
        .addAllCreateRuntime(hookList(hooks.createRuntime()))
        .addAllCreateContainer(hookList(hooks.createContainer()))
        .addAllStartContainer(hookList(hooks.startContainer()))
        .addAllPoststart(hookList(hooks.poststart()))
        .addAllPoststop(hookList(hooks.poststop()))
        .build();
  }

  private static List<Hook> hookList(List<OciHook> hooks) {
    return hooks.stream()
        .map(
            hook ->
                Hook.newBuilder()
                    .setPath(hook.path())
                    .addAllArgs(hook.args())
                    .addAllEnv(hook.env())
                    .setTimeout(hook.timeoutSeconds())
                    .build())
        .toList();
  }

  private static LinuxNamespace namespace(OciNamespace namespace) {
    return LinuxNamespace.newBuilder()
        .setType(namespace.type().wireName())
        .setPath(namespace.path())
        .build();
  }

  private static LinuxDevice device(OciDevice device) {
    return LinuxDevice.newBuilder()
        .setPath(device.path())
        .setType(device.type().wireName())
        .setMajor(device.major())
        .setMinor(device.minor())
        .setFileMode(device.fileMode())
        .setUID((int) device.uid())
        .setGID((int) device.gid())
        .build();
  }

  private static LinuxDeviceCgroup deviceRule(OciResources.DeviceRule rule) {
    return LinuxDeviceCgroup.newBuilder()
        .setAllow(rule.allow())
        .setType(String.valueOf(rule.type()))
        .setMajor(rule.major())
        .setMinor(rule.minor())
        .setAccess(rule.access())
        .build();
  }

  private static LinuxBlockIO blockIo(OciResources.BlockIo blockIo) {
    return LinuxBlockIO.newBuilder()
        .setWeight(blockIo.weight())
        .addAllThrottleReadBpsDevice(throttles(blockIo.readBps()))
        .addAllThrottleWriteBpsDevice(throttles(blockIo.writeBps()))
        .addAllThrottleReadIOPSDevice(throttles(blockIo.readIops()))
        .addAllThrottleWriteIOPSDevice(throttles(blockIo.writeIops()))
        .build();
  }

  private static List<LinuxThrottleDevice> throttles(List<OciResources.Throttle> throttles) {
    return throttles.stream()
        .map(
            throttle ->
                LinuxThrottleDevice.newBuilder()
                    .setMajor(throttle.major())
                    .setMinor(throttle.minor())
                    .setRate(throttle.rate())
                    .build())
        .toList();
  }

  private static LinuxSeccomp seccomp(OciSeccomp filter) {
    return LinuxSeccomp.newBuilder()
        .setDefaultAction(filter.defaultAction().wireName())
        .addAllArchitectures(filter.architectures())
        .addAllFlags(filter.flags())
        .addAllSyscalls(filter.rules().stream().map(OciWire::rule).toList())
        .build();
  }

  private static LinuxSyscall rule(OciSeccomp.Rule rule) {
    LinuxSyscall.Builder wire =
        LinuxSyscall.newBuilder()
            .addAllNames(rule.names())
            .setAction(rule.action().wireName())
            .addAllArgs(
                rule.arguments().stream()
                    .map(
                        argument ->
                            LinuxSeccompArg.newBuilder()
                                .setIndex(argument.index())
                                .setValue(argument.value())
                                .setValueTwo(argument.valueTwo())
                                .setOp(argument.operator().wireName())
                                .build())
                    .toList());
    rule.errno().ifPresent(wire::setErrnoret);
    return wire.build();
  }
}
