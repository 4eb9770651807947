package io.katajava.agent;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.katajava.agent.internal.OciWire;
import io.katajava.agent.internal.wire.CreateContainerRequest;
import io.katajava.agent.internal.wire.CreateSandboxRequest;
import io.katajava.agent.internal.wire.Device;
import io.katajava.agent.internal.wire.ExecProcessRequest;
import io.katajava.agent.internal.wire.FSGroup;
import io.katajava.agent.internal.wire.FSGroupChangePolicy;
import io.katajava.agent.internal.wire.KernelModule;
import io.katajava.agent.internal.wire.ProcessExtras;
import io.katajava.agent.internal.wire.SandboxExtras;
import io.katajava.agent.internal.wire.SharedMount;
import io.katajava.agent.internal.wire.Storage;
import io.katajava.agent.internal.wire.StringUser;
import io.katajava.agent.oci.OciSeccomp;
import io.katajava.agent.oci.OciUser;

/** Turns requests into the protocol's messages. */
final class RequestWire {
  private RequestWire() {}

  static CreateSandboxRequest sandbox(SandboxRequest request) {
    CreateSandboxRequest.Builder message =
        CreateSandboxRequest.newBuilder()
            .setHostname(request.hostname())
            .addAllDns(request.dns())
            .addAllStorages(request.storages().stream().map(RequestWire::storage).toList())
            .setSandboxPidns(request.sharedPidNamespace())
            .setSandboxId(request.sandboxId())
            .setGuestHookPath(request.guestHookPath())
            .addAllKernelModules(
                request.kernelModules().stream().map(RequestWire::module).toList());
    SandboxExtras extras = SandboxExtras.newBuilder().setIdentity(request.identity()).build();
    return merge(message, extras).build();
  }

  private static KernelModule module(SandboxRequest.KernelModule module) {
    return KernelModule.newBuilder()
        .setName(module.name())
        .addAllParameters(module.parameters())
        .build();
  }

  /** The exec id is the container's, as in upstream's Go runtime. */
  static CreateContainerRequest container(ContainerRequest request) {
    OciUser user = request.spec().process().user();
    CreateContainerRequest.Builder message =
        CreateContainerRequest.newBuilder()
            .setContainerId(request.containerId())
            .setExecId(request.containerId())
            .setOCI(OciWire.spec(request.spec()))
            .addAllDevices(request.devices().stream().map(RequestWire::device).toList())
            .addAllStorages(request.storages().stream().map(RequestWire::storage).toList())
            .setSandboxPidns(request.sharedPidNamespace())
            .addAllSharedMounts(request.sharedMounts().stream().map(RequestWire::mount).toList())
            .setStdinPort(request.ports().stdin())
            .setStdoutPort(request.ports().stdout())
            .setStderrPort(request.ports().stderr());
    if (!user.groupNames().isEmpty()) {
      message.setStringUser(StringUser.newBuilder().addAllAdditionalGids(user.groupNames()));
    }
    ProcessExtras.Builder extras = extras(user, "");
    request
        .spec()
        .linux()
        .seccomp()
        .flatMap(OciSeccomp::defaultErrno)
        .ifPresent(extras::setSeccompDefaultErrno);
    return merge(message, extras.build()).build();
  }

  /** What only our agent understands rides along as unknown fields. */
  private static ProcessExtras.Builder extras(OciUser user, String builtin) {
    ProcessExtras.Builder extras = ProcessExtras.newBuilder().setBuiltin(builtin);
    user.umask().ifPresent(extras::setUmask);
    return extras;
  }

  /** Adds the fields of another message, which the first one may not know. */
  static <B extends Message.Builder> B merge(B message, Message extras) {
    try {
      message.mergeFrom(extras.toByteString());
      return message;
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError("our own message", e);
    }
  }

  private static Device device(AgentDevice device) {
    return Device.newBuilder()
        .setId(device.id())
        .setType(device.type())
        .setVmPath(device.vmPath())
        .setContainerPath(device.containerPath())
        .addAllOptions(device.options())
        .build();
  }

  private static SharedMount mount(ContainerRequest.SharedMount mount) {
    return SharedMount.newBuilder()
        .setName(mount.name())
        .setSrcCtr(mount.sourceContainer())
        .setSrcPath(mount.sourcePath())
        .setDstCtr(mount.targetContainer())
        .setDstPath(mount.targetPath())
        .build();
  }

  static Storage storage(AgentStorage storage) {
    Storage.Builder message =
        Storage.newBuilder()
            .setDriver(storage.driver())
            .addAllDriverOptions(storage.driverOptions())
            .setSource(storage.source())
            .setFstype(storage.fstype())
            .addAllOptions(storage.options())
            .setMountPoint(storage.mountPoint())
            .setShared(storage.shared());
    storage
        .fsGroup()
        .ifPresent(
            group ->
                message.setFsGroup(
                    FSGroup.newBuilder()
                        .setGroupId(group.groupId())
                        .setGroupChangePolicy(
                            group.onlyIfRootDiffers()
                                ? FSGroupChangePolicy.OnRootMismatch
                                : FSGroupChangePolicy.Always)));
    return message.build();
  }

  static ExecProcessRequest exec(ExecRequest request) {
    OciUser user = request.process().user();
    ExecProcessRequest.Builder message =
        ExecProcessRequest.newBuilder()
            .setContainerId(request.containerId())
            .setExecId(request.execId())
            .setProcess(OciWire.process(request.process()))
            .setStdinPort(request.ports().stdin())
            .setStdoutPort(request.ports().stdout())
            .setStderrPort(request.ports().stderr());
    if (!user.groupNames().isEmpty()) {
      message.setStringUser(StringUser.newBuilder().addAllAdditionalGids(user.groupNames()));
    }
    return merge(message, extras(user, request.builtin()).build()).build();
  }
}
