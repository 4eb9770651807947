package io.katajava.internal.container;

import io.katajava.ContainerSpec;
import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.StartPhase;
import io.katajava.Volume;
import io.katajava.agent.oci.OciMount;
import io.katajava.internal.link.AgentCapability;
import io.katajava.internal.link.AgentPaths;
import io.katajava.internal.link.GuestSession;
import io.katajava.spi.GuestAssets;
import io.katajava.spi.Rootfs;
import io.katajava.spi.RootfsProvider;
import io.katajava.spi.RootfsRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** From a container's description to a container that can be started: id, root filesystem, spec. */
public final class ContainerStart {
  private final ContainerHost host;
  private final GuestSession session;
  private final GuestAssets guest;
  private final RootfsSources sources;
  private final Consumer<String> onClosed;

  public ContainerStart(
      ContainerHost host, GuestAssets guest, RootfsSources sources, Consumer<String> onClosed) {
    this.host = host;
    this.session = host.session();
    this.guest = guest;
    this.sources = sources;
    this.onClosed = onClosed;
  }

  /** Ids begin with the sandbox's, so that an agent shared by tools tells them apart. */
  public String containerId(String name) {
    return session.id() + "-" + name;
  }

  public VmContainer prepare(ContainerSpec spec) {
    String id = containerId(spec.name());
    session.enterOnce(StartPhase.ROOTFS);
    Deadline deadline = host.startDeadline();
    Rootfs image = rootfs(sources, deadline, guest, spec, id, session.id());
    Rootfs rootfs;
    Map<Volume.HostDirectory, Rootfs.Mount> shared = host.share(spec, deadline);
    try (ContainerDisks own = new ContainerDisks(id, spec, sources)) {
      rootfs = host.plug(own.addTo(image), deadline).with(List.of(), List.copyOf(shared.values()));
    }
    if (spec.files().volumes().values().stream().anyMatch(ContainerVolumes::isWrittenOnHost)) {
      host.keepsOnHost();
    }
    session.enterOnce(StartPhase.CONTAINER);
    host.connections().publishExposed(rootfs.config());
    boolean imageVolumes = session.link().can(AgentCapability.IMAGE_VOLUMES);
    Planned planned =
        plan(guest, spec, rootfs, shared, id, host.hostname(), session.id(), imageVolumes);
    return new VmContainer(host, planned.plan(), planned.volumes(), onClosed);
  }

  /** What is decided, and what of it comes from the host. */
  private record Planned(ContainerPlan plan, ContainerVolumes volumes) {}

  private static Planned plan(
      GuestAssets guest,
      ContainerSpec spec,
      Rootfs rootfs,
      Map<Volume.HostDirectory, Rootfs.Mount> shared,
      String id,
      String hostname,
      String sandboxId,
      boolean imageVolumes) {
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
                                  + " has none, and this guest has no program that waits",
                              Details.none()
                                  .withSandbox(sandboxId)
                                  .withRemedy("Set command(...)"))));
    }
    ContainerVolumes volumes = new ContainerVolumes(id, spec, shared);
    List<OciMount> mounts = new ArrayList<>();
    if (imageVolumes) {
      // Before what lies in them.
      mounts.addAll(ImageVolumes.mounts(rootfs, spec));
    }
    mounts.addAll(SandboxFiles.mounts());
    mounts.addAll(volumes.mounts());
    return new Planned(
        new ContainerPlan(
            id, hostname, List.copyOf(mounts), volumes.directories(), spec, rootfs, command, pause),
        volumes);
  }

  /** One that is in the guest already, under an id of its own for its user. */
  public VmContainer existing(String id, ContainerPlan plan) {
    host.connections().publishExposed(plan.rootfs().config());
    return new VmContainer(
        host, plan.withId(id), ContainerVolumes.ofCopy(plan.id(), plan.spec()), onClosed);
  }

  private static Rootfs rootfs(
      RootfsSources sources,
      Deadline deadline,
      GuestAssets guest,
      ContainerSpec spec,
      String id,
      String sandboxId) {
    String reference = spec.image().orElse(GuestRootfs.DEFAULT);
    try {
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
          return rootfs.get();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KataException(
          ErrorCode.INTERRUPTED,
          "interrupted while preparing the root filesystem " + reference,
          Details.none().withSandbox(sandboxId).withCause(e));
    }
    throw new KataException(
        ErrorCode.ROOTFS_UNAVAILABLE,
        "no provider knows the image '" + reference + "' for container " + spec.name(),
        Details.none()
            .withSandbox(sandboxId)
            .withRemedy("Use a root filesystem that this guest has: " + guest.rootfs().keySet()));
  }
}
