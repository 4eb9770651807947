package io.katajava.internal.engine;

import io.katajava.ContainerSpec;
import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.StartPhase;
import io.katajava.spi.GuestAssets;
import io.katajava.spi.Rootfs;
import io.katajava.spi.RootfsProvider;
import io.katajava.spi.RootfsRequest;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** From a container's description to a container that can be started: id, root filesystem, spec. */
final class ContainerStart {
  private final VmSandbox sandbox;
  private final GuestAssets guest;
  private final RootfsSources sources;
  private final Consumer<String> onClosed;

  ContainerStart(
      VmSandbox sandbox, GuestAssets guest, RootfsSources sources, Consumer<String> onClosed) {
    this.sandbox = sandbox;
    this.guest = guest;
    this.sources = sources;
    this.onClosed = onClosed;
  }

  /** Ids begin with the sandbox's, so that an agent shared by tools tells them apart. */
  String containerId(String name) {
    return sandbox.id() + "-" + name;
  }

  VmContainer prepare(ContainerSpec spec) {
    String id = containerId(spec.name());
    phase(StartPhase.ROOTFS);
    Rootfs rootfs = rootfs(spec, id);
    phase(StartPhase.CONTAINER);
    List<String> command =
        rootfs.config().process(spec.process().entrypoint(), spec.process().command());
    Optional<String> pause = Optional.empty();
    if (command.isEmpty()) {
      pause =
          Optional.of(
              guest
                  .pause()
                  .orElseThrow(
                      () ->
                          new KataException(
                              ErrorCode.INVALID_CONFIGURATION,
                              "container "
                                  + spec.name()
                                  + " has no command, its image "
                                  + rootfs.description()
                                  + " has none, and this guest brings no program that waits",
                              Details.none()
                                  .withSandbox(sandbox.id())
                                  .withRemedy("Set command(...)"))));
    }
    return new VmContainer(
        sandbox, new ContainerPlan(id, sandbox.hostname(), spec, rootfs, command, pause), onClosed);
  }

  private Rootfs rootfs(ContainerSpec spec, String id) {
    String reference = spec.image().orElse(GuestRootfs.DEFAULT);
    try {
      Deadline deadline = sandbox.startDeadline();
      RootfsRequest request =
          new RootfsRequest(
              reference,
              id,
              AgentPaths.container(id),
              guest,
              sources.cacheDirectory(),
              deadline,
              sources.progress());
      for (RootfsProvider provider : sources.providers()) {
        Optional<Rootfs> rootfs = provider.prepare(request);
        if (rootfs.isPresent()) {
          return sandbox.disks().plug(rootfs.get(), deadline);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KataException(
          ErrorCode.INTERRUPTED,
          "interrupted while preparing the root filesystem " + reference,
          Details.none().withSandbox(sandbox.id()).withCause(e));
    }
    throw new KataException(
        ErrorCode.ROOTFS_UNAVAILABLE,
        "no provider knows the image '" + reference + "' for container " + spec.name(),
        Details.none()
            .withSandbox(sandbox.id())
            .withRemedy("This guest brings " + guest.rootfs().keySet() + " along"));
  }

  /** Only the containers of the start itself belong to its timeline. */
  private void phase(StartPhase phase) {
    if (!sandbox.startRun().timeline().has(phase)) {
      sandbox.startRun().enter(phase);
    }
  }
}
