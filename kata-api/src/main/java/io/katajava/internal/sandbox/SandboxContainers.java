package io.katajava.internal.sandbox;

import io.katajava.Choice;
import io.katajava.ContainerBuilder;
import io.katajava.ContainerSpec;
import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.ExecSpec;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.internal.container.ContainerHost;
import io.katajava.internal.container.ContainerRecord;
import io.katajava.internal.container.ContainerStart;
import io.katajava.internal.container.PreparedContainer;
import io.katajava.internal.container.VcpuRoom;
import io.katajava.internal.container.VmContainer;
import io.katajava.internal.detached.Detachment;
import io.katajava.internal.link.AgentCapability;
import io.katajava.spi.Ending;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The containers of a sandbox: those of its user, the default one, and the one that holds a shared
 * pid namespace.
 */
public final class SandboxContainers {
  private static final String DEFAULT_CONTAINER = "main";
  private static final String PID_HOLDER = "pid.holder";

  private final SandboxGround ground;
  private final SandboxParts parts;
  private final ContainerHost host;
  private final Map<String, VmContainer> containers = new ConcurrentHashMap<>();
  private final ReentrantLock defaultContainerLock = new ReentrantLock();
  private final ReentrantLock holderLock = new ReentrantLock();
  private volatile @Nullable VmContainer defaultContainer;
  private volatile @Nullable VmContainer pidHolder;

  /** The agent's id of the container that holds the shared pid namespace, in a copy. */
  private Optional<String> inheritedPidHolder = Optional.empty();

  /** A container the guest brings along for use as the default one. */
  private @Nullable PreparedContainer prepared;

  SandboxContainers(SandboxGround ground) {
    this.ground = ground;
    this.parts = ground.parts();
    this.host = new SandboxForContainers(ground, this);
  }

  Collection<VmContainer> all() {
    return containers.values();
  }

  /** When the sandbox has ended, or is another JVM's. */
  void forgetAll() {
    containers.clear();
  }

  /** At a start: the default one, when the user named its image. */
  void makeNamedDefault() {
    if (parts.spec().image().isPresent() && defaultContainer == null) {
      makeDefault();
    }
  }

  /** At the start of one that was made of a template. */
  void bring(PreparedContainer container) {
    prepared = container;
  }

  /** Makes what clones shall find: the default container, in which a command has run once. */
  public PreparedContainer prepareDefault() {
    VmContainer container = makeDefault();
    container.exec(ExecSpec.command("uname").build()).orThrow();
    return new PreparedContainer(container.agentId(), container.fingerprint());
  }

  /** How many vCPUs the guest's kernel can have, as its default container sees it. */
  public int possibleVcpus() {
    return VcpuRoom.of(defaultContainer());
  }

  /** What is in a sandbox that another JVM started. */
  void resume(List<ContainerRecord> known) {
    for (ContainerRecord one : known) {
      boolean holds = one.role() == ContainerRecord.Role.PID_HOLDER;
      Optional<VmContainer> found = VmContainer.resumed(host, one, holds ? id -> {} : this::forget);
      if (found.isEmpty()) {
        continue;
      }
      switch (one.role()) {
        case PID_HOLDER -> pidHolder = found.get();
        case DEFAULT -> defaultContainer = found.get();
        case PLAIN -> {}
      }
      if (!holds) {
        containers.put(found.get().id(), found.get());
      }
    }
    remember();
  }

  /** What a copy of the sandbox has from the one it is copied of. */
  void inherit(List<ContainerRecord> copied, Optional<String> holder) {
    inheritedPidHolder = holder;
    for (ContainerRecord copy : copied) {
      ContainerStart start = start(containers::remove);
      VmContainer container =
          start.existing(start.containerId(copy.plan().spec().name()), copy.plan());
      containers.put(container.id(), container);
      container.continueCopy(copy);
      if (copy.role() == ContainerRecord.Role.DEFAULT) {
        defaultContainer = container;
      }
    }
  }

  /** Writes down what is in a sandbox that another JVM may come to. */
  void remember() {
    Detachment detachment = parts.detachment();
    if (detachment == null) {
      return;
    }
    List<ContainerRecord> all = new ArrayList<>();
    VmContainer holder = pidHolder;
    if (holder != null) {
      all.add(holder.toRecord(ContainerRecord.Role.PID_HOLDER));
    }
    for (VmContainer container : containers.values()) {
      all.add(container.toRecord(roleOf(container)));
    }
    detachment.remember(all);
  }

  private ContainerRecord.Role roleOf(VmContainer container) {
    return container == defaultContainer
        ? ContainerRecord.Role.DEFAULT
        : ContainerRecord.Role.PLAIN;
  }

  private void forget(String id) {
    containers.remove(id);
    if (ground.states().isBeforeEnd()) {
      remember();
    }
  }

  private ContainerStart start(Consumer<String> onClosed) {
    return new ContainerStart(host, parts.vmSpec().guest(), parts.rootfs(), onClosed);
  }

  /**
   * The default container, which goes on being made when it is not there in time.
   *
   * @param deadline by when
   * @return empty when the time is over
   */
  Optional<VmContainer> defaultContainer(Deadline deadline) {
    VmContainer known = defaultContainer;
    if (known != null) {
      ground.states().requireRunning("use the default container");
      return Optional.of(known);
    }
    try {
      return Optional.of(
          CompletableFuture.supplyAsync(
                  this::defaultContainer, ground.session().workers().executor())
              .get(deadline.remaining().toNanos(), TimeUnit.NANOSECONDS));
    } catch (TimeoutException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KataException(
          ErrorCode.INTERRUPTED,
          "interrupted while the default container of sandbox " + ground.id() + " was made",
          Details.none().withSandbox(ground.id()).withCause(e));
    } catch (ExecutionException e) {
      if (e.getCause() instanceof KataException failure) {
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  VmContainer defaultContainer() {
    defaultContainerLock.lock();
    try {
      ground.states().requireRunning("use the default container");
      VmContainer known = defaultContainer;
      if (known != null) {
        return known;
      }
      ground.states().requireAccepting("make the default container");
      return makeDefault();
    } finally {
      defaultContainerLock.unlock();
    }
  }

  private VmContainer makeDefault() {
    ContainerBuilder builder = new ContainerBuilder(DEFAULT_CONTAINER, this::create);
    parts.spec().image().ifPresent(builder::image);
    VmContainer found = preparedFor(builder.spec());
    if (found != null) {
      defaultContainer = found;
      return found;
    }
    VmContainer made = create(builder.spec());
    try {
      made.start();
    } catch (RuntimeException | Error e) {
      new Ending("container " + made.name()).step("closing it", made::close).addTo(e);
      throw e;
    }
    defaultContainer = made;
    remember();
    return made;
  }

  /** The one the guest brought along, if it is what would be made now. */
  private @Nullable VmContainer preparedFor(ContainerSpec spec) {
    PreparedContainer known = prepared;
    prepared = null;
    boolean ofTheGuest =
        spec.image().map(parts.vmSpec().guest().rootfs()::containsKey).orElse(true);
    if (known == null || !ofTheGuest) {
      return null;
    }
    ContainerStart start = start(containers::remove);
    VmContainer container = start.prepare(spec);
    if (!container.fingerprint().equals(known.fingerprint())
        || containers.putIfAbsent(start.containerId(spec.name()), container) != null) {
      return null;
    }
    container.takeOver(known.agentId());
    return container;
  }

  VmContainer create(ContainerSpec spec) {
    if (spec.kernel().sharedPid()) {
      makePidHolder();
    }
    ContainerStart start = start(this::forget);
    String id = start.containerId(spec.name());
    VmContainer container = start.prepare(spec);
    if (parts.detachment() != null && container.needsThisJvm()) {
      throw new KataException(
          ErrorCode.INVALID_CONFIGURATION,
          "container "
              + spec.name()
              + " has directories of the host, files or secrets from this JVM, which its sandbox"
              + " is to outlive",
          Details.none().withSandbox(ground.id()).withRemedy("Copy them in with files()"));
    }
    if (containers.putIfAbsent(id, container) != null) {
      throw new KataException(
          ErrorCode.INVALID_CONFIGURATION,
          "sandbox " + ground.id() + " has a container named " + spec.name() + " already",
          Details.none()
              .withSandbox(ground.id())
              .withRemedy("Close it first, or choose another name"));
    }
    try {
      remember();
      container.begin();
      return container;
    } catch (RuntimeException | Error e) {
      new Ending("container " + spec.name()).step("forgetting it", () -> forget(id)).addTo(e);
      throw e;
    }
  }

  /** A container of ours that carries volumes of another; not among those that are told about. */
  VmContainer makeCarrier(ContainerSpec spec) {
    VmContainer carrier = start(id -> {}).prepare(spec);
    carrier.begin();
    return carrier;
  }

  /** The agent's id of the pid namespace's container, for an agent that can be told. */
  Optional<String> pidHolderId() {
    if (inheritedPidHolder.isPresent()) {
      return inheritedPidHolder;
    }
    return ground.session().link().can(AgentCapability.NAMED_PID_NAMESPACE)
        ? Optional.of(ground.id() + "-" + PID_HOLDER)
        : Optional.empty();
  }

  /** What a copy joins, if a shared pid namespace was made. */
  public Optional<String> madePidHolder() {
    holderLock.lock();
    try {
      return pidHolder != null ? pidHolderId() : inheritedPidHolder;
    } finally {
      holderLock.unlock();
    }
  }

  /** The container whose pid 1 outlives all others and reaps their orphans; made when needed. */
  private void makePidHolder() {
    holderLock.lock();
    try {
      if (pidHolder == null && inheritedPidHolder.isEmpty()) {
        VmContainer holder = start(id -> {}).prepare(ContainerSpec.builder(PID_HOLDER).spec());
        holder.begin();
        holder.start();
        pidHolder = holder;
        remember();
      }
    } finally {
      holderLock.unlock();
    }
  }

  /** Containers a copy of the guest has, too. */
  public List<ContainerRecord> copyable() {
    defaultContainerLock.lock();
    try {
      List<ContainerRecord> all = new ArrayList<>();
      containers.values().forEach(one -> one.copy(roleOf(one)).ifPresent(all::add));
      return all;
    } finally {
      defaultContainerLock.unlock();
    }
  }

  /** The names of those that live on files, directories or secrets of this JVM. */
  public List<String> bound() {
    return containers.values().stream()
        .filter(VmContainer::needsThisJvm)
        .map(VmContainer::name)
        .toList();
  }

  List<Choice> describe() {
    List<Choice> all = new ArrayList<>();
    containers.values().forEach(container -> all.add(container.describeRootfs()));
    containers.values().forEach(container -> all.addAll(container.describeVolumes()));
    return all;
  }

  /** Waits for first processes that do something of their own; false when they take longer. */
  boolean awaitWork(long deadline) throws InterruptedException {
    CompletableFuture<?>[] works =
        containers.values().stream()
            .flatMap(container -> container.work().stream())
            .toArray(CompletableFuture<?>[]::new);
    try {
      CompletableFuture.allOf(works)
          .get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException e) {
      throw new AssertionError("outcomes are values", e);
    }
  }

  /** What could not be copied back is told once everything else is. */
  void copyBack() {
    Ending all = new Ending("copying back");
    for (VmContainer container : containers.values()) {
      all.step("copying back what container " + container.name() + " wrote", container::copyBack);
    }
    all.orThrow();
  }
}
