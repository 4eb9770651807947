package io.katajava.internal.engine;

import io.katajava.Birth;
import io.katajava.Choice;
import io.katajava.Container;
import io.katajava.ContainerBuilder;
import io.katajava.ContainerSpec;
import io.katajava.ContainerStats;
import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.ExecResult;
import io.katajava.ExecSpec;
import io.katajava.IpFamily;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.Sandbox;
import io.katajava.SandboxEvent;
import io.katajava.SandboxNetwork;
import io.katajava.SandboxSpec;
import io.katajava.SandboxState;
import io.katajava.SandboxStats;
import io.katajava.SandboxTimeline;
import io.katajava.StartPhase;
import io.katajava.agent.AgentClient;
import io.katajava.agent.ArpNeighbor;
import io.katajava.agent.NetworkInterface;
import io.katajava.agent.NetworkRoute;
import io.katajava.agent.VolumeStats;
import io.katajava.internal.observe.LogContext;
import io.katajava.spi.VirtualMachine;
import io.katajava.spi.VmEvidence;
import io.katajava.spi.VmExit;
import io.katajava.spi.VmSpec;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A sandbox that is a virtual machine of this JVM. */
final class VmSandbox implements Sandbox {
  private static final String DEFAULT_CONTAINER = "main";
  private static final String PID_HOLDER = "pid.holder";
  private static final Duration CLOSE_GRACE = Duration.ofSeconds(2);
  private static final Duration DRAINED_GRACE = Duration.ofSeconds(10);

  /** What a sandbox is put together from. */
  record Parts(
      SandboxSpec spec,
      VmSpec vmSpec,
      VirtualMachine vm,
      AgentLink link,
      SandboxConnections connections,
      RootfsSources rootfs,
      List<Choice> choices,
      @Nullable Detachment detachment,
      Workers workers,
      Birth birth,
      Engine engine) {}

  private final Parts parts;
  private final StartRun run;
  private final Workers workers;
  private final SandboxEvents events;
  private final SandboxDisks disks;
  private final Consumer<VmSandbox> onClosed;
  private final SandboxFiles files;

  /** Commands of ours are taken even while the sandbox drains. */
  private volatile boolean copyingBack;

  private final MachinePause pause;
  private final AtomicReference<SandboxState> state = new AtomicReference<>(SandboxState.STARTING);
  private final Map<String, VmContainer> containers = new ConcurrentHashMap<>();
  private final ReentrantLock defaultContainerLock = new ReentrantLock();
  private final ReentrantLock closing = new ReentrantLock();
  private final ReentrantLock losing = new ReentrantLock();
  private final ReentrantLock holderLock = new ReentrantLock();
  private final Activity activity = new Activity();
  private final LifeLimits limits;
  private final String execPrefix;
  private volatile @Nullable VmContainer defaultContainer;
  private volatile @Nullable VmContainer pidHolder;

  /** The agent's id of the container that holds the shared pid namespace, in a copy. */
  private Optional<String> inheritedPidHolder = Optional.empty();

  /** A container the guest brings along for use as the default one. */
  private @Nullable PreparedContainer prepared;

  VmSandbox(Parts parts, StartRun run, Consumer<VmSandbox> onClosed) {
    this.workers = parts.workers().around(run.watch());
    this.events = new SandboxEvents(workers.executor());
    this.parts = parts;
    this.disks = new SandboxDisks(parts.vm());
    this.run = run;
    this.onClosed = onClosed;
    this.files = new SandboxFiles(hostname(), parts.connections());
    this.limits = new LifeLimits(this, parts.spec().life());
    this.pause = new MachinePause(this, state);
    Detachment detachment = parts.detachment();
    // Commands of a JVM before this one, or of the guest this one is a copy of, may still run under
    // their ids.
    boolean first =
        parts.birth().kind() == Birth.Kind.COLD && (detachment == null || detachment.isOurs());
    this.execPrefix = first ? "exec-" : "exec-" + SandboxIds.next() + "-";
  }

  /** What a copy joins, if a shared pid namespace was made. */
  Optional<String> madePidHolder() {
    holderLock.lock();
    try {
      return pidHolder != null ? pidHolderId() : inheritedPidHolder;
    } finally {
      holderLock.unlock();
    }
  }

  /** The rest of the start: the sandbox inside the guest, and the default container if named. */
  void begin() {
    run.enter(StartPhase.SANDBOX);
    parts.connections().configure(parts.link().client());
    Detachment detachment = parts.detachment();
    parts
        .link()
        .createSandbox(
            run.sandboxId(),
            hostname(),
            parts.connections().resolvConf(),
            detachment == null ? "" : detachment.identity());
    files.write(parts.link().client());
    begun();
  }

  /** The rest of the start of one that was made of a template. */
  void beginFrom(PreparedContainer container) {
    run.enter(StartPhase.SANDBOX);
    parts.connections().configure(parts.link().client());
    prepared = container;
    begun();
  }

  /** The rest of the start of one that becomes a template: nothing is left under way in it. */
  void beginAsTemplate() {
    run.enter(StartPhase.SANDBOX);
    parts.link().createSandbox(run.sandboxId(), hostname(), List.of(), "");
    files.write(parts.link().client());
    state.set(SandboxState.RUNNING);
  }

  /** Makes what clones shall find: the default container, in which a command has run once. */
  PreparedContainer prepareDefaultContainer() {
    VmContainer container = makeDefaultContainer();
    container.exec(ExecSpec.command("uname").build()).orThrow();
    return new PreparedContainer(container.agentId(), container.fingerprint());
  }

  private void begun() {
    parts.connections().tell(events::emit);
    Detachment detachment = parts.detachment();
    if (parts.spec().image().isPresent() && defaultContainer == null) {
      makeDefaultContainer();
    }
    if (detachment != null) {
      detachment.commit();
    }
    run.endPhase();
    watch(detachment == null ? Instant.now() : detachment.started());
  }

  /** What is in a sandbox that another JVM started. */
  void resume(List<DetachedRecord.OneContainer> known, Instant started) {
    for (DetachedRecord.OneContainer one : known) {
      boolean holds = one.role() == DetachedRecord.Role.PID_HOLDER;
      Optional<VmContainer> found =
          VmContainer.resumed(this, one, holds ? id -> {} : this::forgetContainer);
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
    watch(started);
  }

  private void watch(Instant started) {
    state.set(SandboxState.RUNNING);
    limits.begin(started);
    parts.link().onLost().thenRun(this::lost);
    parts.vm().onExit().thenAccept(this::vmExited);
    awaitOutOfMemory();
  }

  /** Both ways to hear of the loss may come at once; the end of the machine is told last. */
  private void lost() {
    losing.lock();
    try {
      if (state.compareAndSet(SandboxState.RUNNING, SandboxState.LOST)
          || state.compareAndSet(SandboxState.DRAINING, SandboxState.LOST)
          || state.compareAndSet(SandboxState.PAUSED, SandboxState.LOST)) {
        limits.close();
        Instant now = Instant.now();
        parts
            .vm()
            .evidence()
            .consoleTail()
            .lines()
            .filter(line -> line.contains("Kernel panic"))
            .findFirst()
            .ifPresent(line -> events.emit(new SandboxEvent.GuestPanicked(now, line.strip())));
        events.emit(new SandboxEvent.AgentLost(now, lossReason()));
      }
    } finally {
      losing.unlock();
    }
  }

  private void vmExited(VmExit exit) {
    if (state() == SandboxState.DETACHED) {
      return;
    }
    lost();
    events.emit(new SandboxEvent.VmExited(Instant.now(), exit));
  }

  /** One call at a time waits for the next event; a failure means that there is no agent to ask. */
  private void awaitOutOfMemory() {
    parts
        .link()
        .patientClient()
        .diagnostics()
        .nextOutOfMemory()
        .thenAcceptAsync(
            agentId -> {
              containers.values().stream()
                  .filter(container -> container.agentId().equals(agentId))
                  .forEach(
                      container ->
                          events.emit(
                              new SandboxEvent.OutOfMemory(Instant.now(), container.name())));
              awaitOutOfMemory();
            },
            workers.executor());
  }

  SandboxEvents events() {
    return events;
  }

  private List<SandboxEvent> untrusted() {
    if (isTrusted()) {
      return List.of();
    }
    String reason =
        parts.choices().stream()
            .filter(choice -> choice.what().equals("extra monitor"))
            .map(Choice::toString)
            .findFirst()
            .orElse("the hypervisor says so");
    return List.of(new SandboxEvent.Untrusted(Instant.now(), reason));
  }

  @Override
  public Subscription onEvent(Consumer<SandboxEvent> consumer) {
    return events.subscribe(consumer, untrusted());
  }

  @Override
  public String guestMetrics() {
    return ask("read the guest's figures", client -> client.diagnostics().metrics());
  }

  @Override
  public SandboxStats stats() {
    GuestFigures figures = new GuestFigures(guestMetrics());
    Map<String, ContainerStats> each = new TreeMap<>();
    for (VmContainer container : containers.values()) {
      try {
        each.put(container.name(), container.stats());
      } catch (KataException e) {
        // One that is being made, or was closed since, has none; a sandbox that was lost has said
        // so.
        requireRunning("read the figures of container " + container.name());
      }
    }
    return figures.with(each);
  }

  @Override
  public String ipTables(IpFamily family) {
    return ask(
        "read the guest's packet filter",
        client ->
            new String(client.network().ipTables(family == IpFamily.IPV6), StandardCharsets.UTF_8));
  }

  @Override
  public void setIpTables(IpFamily family, String rules) {
    ask(
        "set the guest's packet filter",
        client ->
            client
                .network()
                .setIpTables(family == IpFamily.IPV6, rules.getBytes(StandardCharsets.UTF_8)));
  }

  @Override
  public void setPolicy(String policy) {
    ask(
        "set the agent's policy",
        client -> {
          client.diagnostics().setPolicy(policy);
          return policy;
        });
  }

  @Override
  public Map<String, String> annotations() {
    return parts.spec().annotations();
  }

  private <T> T ask(String attempt, Function<AgentClient, T> call) {
    requireRunning(attempt);
    return AgentFailures.translating(attempt, this, () -> call.apply(parts.link().client()));
  }

  @Override
  public List<NetworkInterface> interfaces() {
    return ask("list the guest's interfaces", client -> client.network().listInterfaces());
  }

  @Override
  public List<NetworkRoute> routes() {
    return ask("list the guest's routes", client -> client.network().listRoutes());
  }

  @Override
  public NetworkInterface updateInterface(NetworkInterface wanted) {
    return ask(
        "set up interface " + wanted.name() + " of the guest",
        client -> client.network().updateInterface(wanted));
  }

  @Override
  public List<NetworkRoute> updateRoutes(List<NetworkRoute> routes) {
    return ask("set routes of the guest", client -> client.network().updateRoutes(routes));
  }

  @Override
  public void addNeighbors(List<ArpNeighbor> neighbors) {
    ask(
        "make neighbours known to the guest",
        client -> {
          client.network().addArpNeighbors(neighbors);
          return neighbors;
        });
  }

  @Override
  public SandboxNetwork network() {
    return parts.connections();
  }

  @Override
  public VolumeStats volumeStats(String path) {
    if (!path.startsWith("/")) {
      throw new IllegalArgumentException(
          "a volume is named by its absolute path in the guest, got '" + path + "'");
    }
    return ask(
        "read how full " + path + " of the guest is", client -> client.files().volumeStats(path));
  }

  SandboxFiles files() {
    return files;
  }

  SandboxDisks disks() {
    return disks;
  }

  /** By when a container must be ready: with the start, or within as much time after it. */
  Deadline startDeadline() {
    return state() == SandboxState.STARTING
        ? run.deadline()
        : Deadline.after(parts.spec().startTimeout());
  }

  Activity activity() {
    return activity;
  }

  String execPrefix() {
    return execPrefix;
  }

  /** Counts a command in, unless no more are taken. */
  void beginCommand(String command) {
    activity.enter();
    if (state() == SandboxState.DRAINING && !copyingBack) {
      activity.leave();
      requireAccepting("execute " + command);
    }
  }

  /** Writes down what is in a sandbox that another JVM may come to. */
  void remember() {
    Detachment detachment = parts.detachment();
    if (detachment == null) {
      return;
    }
    List<DetachedRecord.OneContainer> all = new ArrayList<>();
    VmContainer holder = pidHolder;
    if (holder != null) {
      all.add(holder.toRecord(DetachedRecord.Role.PID_HOLDER));
    }
    for (VmContainer container : containers.values()) {
      all.add(
          container.toRecord(
              container == defaultContainer
                  ? DetachedRecord.Role.DEFAULT
                  : DetachedRecord.Role.PLAIN));
    }
    detachment.remember(all);
  }

  private void forgetContainer(String id) {
    containers.remove(id);
    SandboxState now = state();
    if (now == SandboxState.STARTING || now == SandboxState.RUNNING) {
      remember();
    }
  }

  AgentLink link() {
    return parts.link();
  }

  Workers workers() {
    return workers;
  }

  @Override
  public Birth birth() {
    return parts.birth();
  }

  StartRun startRun() {
    return run;
  }

  String hostname() {
    return parts.spec().hostname().isEmpty() ? id() : parts.spec().hostname();
  }

  @Override
  public String id() {
    return run.sandboxId();
  }

  @Override
  public Optional<String> name() {
    return parts.spec().name();
  }

  @Override
  public SandboxState state() {
    return Objects.requireNonNull(state.get());
  }

  @Override
  public SandboxTimeline timeline() {
    return run.timeline().snapshot();
  }

  @Override
  public List<Choice> describe() {
    List<Choice> all = new ArrayList<>();
    all.add(
        new Choice(
            "birth",
            parts.birth().kind().name().toLowerCase(java.util.Locale.ROOT),
            parts.birth().why()));
    all.addAll(parts.choices());
    all.addAll(parts.vmSpec().guest().choices());
    all.addAll(parts.connections().choices());
    all.add(parts.link().describe());
    containers.values().forEach(container -> all.add(container.describeRootfs()));
    containers.values().forEach(container -> all.addAll(container.describeVolumes()));
    return List.copyOf(all);
  }

  @Override
  public List<String> commandLine() {
    return parts.vm().evidence().commandLine();
  }

  @Override
  public VmEvidence evidence() {
    return parts.vm().evidence();
  }

  @Override
  public boolean isTrusted() {
    return parts.vm().isTrusted();
  }

  @Override
  public long hypervisorPid() {
    return parts.vm().pid();
  }

  @Override
  public CompletableFuture<ExecResult> execAsync(ExecSpec spec) {
    return CompletableFuture.supplyAsync(this::defaultContainer, workers.executor())
        .thenCompose(container -> container.execAsync(spec));
  }

  @Override
  public Container defaultContainer() {
    defaultContainerLock.lock();
    try {
      requireRunning("use the default container");
      VmContainer known = defaultContainer;
      if (known != null) {
        return known;
      }
      requireAccepting("make the default container");
      return makeDefaultContainer();
    } finally {
      defaultContainerLock.unlock();
    }
  }

  private VmContainer makeDefaultContainer() {
    ContainerBuilder builder = new ContainerBuilder(DEFAULT_CONTAINER, this::createContainer);
    parts.spec().image().ifPresent(builder::image);
    VmContainer found = preparedContainer(builder.spec());
    if (found != null) {
      defaultContainer = found;
      return found;
    }
    VmContainer made = createContainer(builder.spec());
    try {
      made.start();
    } catch (RuntimeException e) {
      made.close();
      throw e;
    }
    defaultContainer = made;
    remember();
    return made;
  }

  /** The one the guest brought along, if it is what would be made now. */
  private @Nullable VmContainer preparedContainer(ContainerSpec spec) {
    PreparedContainer known = prepared;
    prepared = null;
    boolean ofTheGuest =
        spec.image().map(parts.vmSpec().guest().rootfs()::containsKey).orElse(true);
    if (known == null || !ofTheGuest) {
      return null;
    }
    ContainerStart start =
        new ContainerStart(this, parts.vmSpec().guest(), parts.rootfs(), containers::remove);
    VmContainer container = start.prepare(spec);
    if (!container.fingerprint().equals(known.fingerprint())
        || containers.putIfAbsent(start.containerId(spec.name()), container) != null) {
      return null;
    }
    container.takeOver(known.agentId());
    return container;
  }

  @Override
  public ContainerBuilder container(String name) {
    return new ContainerBuilder(
        name,
        spec -> {
          requireAccepting("create container " + name);
          return createContainer(spec);
        });
  }

  private VmContainer createContainer(ContainerSpec spec) {
    if (spec.kernel().sharedPid()) {
      makePidHolder();
    }
    ContainerStart start =
        new ContainerStart(this, parts.vmSpec().guest(), parts.rootfs(), this::forgetContainer);
    String id = start.containerId(spec.name());
    VmContainer container = start.prepare(spec);
    if (parts.detachment() != null && container.needsThisJvm()) {
      throw new KataException(
          ErrorCode.INVALID_CONFIGURATION,
          "container "
              + spec.name()
              + " has directories of the host, files or secrets from this JVM, which its sandbox"
              + " is to outlive",
          Details.none().withSandbox(id()).withRemedy("Copy them in with files()"));
    }
    if (containers.putIfAbsent(id, container) != null) {
      throw new KataException(
          ErrorCode.INVALID_CONFIGURATION,
          "sandbox " + id() + " has a container named " + spec.name() + " already",
          Details.none().withSandbox(id()).withRemedy("Close it first, or choose another name"));
    }
    try {
      remember();
      container.begin();
      return container;
    } catch (RuntimeException e) {
      forgetContainer(id);
      throw e;
    }
  }

  /** A container of ours that carries volumes of another; not among those that are told about. */
  VmContainer makeCarrier(ContainerSpec spec) {
    VmContainer carrier =
        new ContainerStart(this, parts.vmSpec().guest(), parts.rootfs(), id -> {}).prepare(spec);
    carrier.begin();
    return carrier;
  }

  /** The agent's id of that container, for an agent that can be told. */
  Optional<String> pidHolderId() {
    if (inheritedPidHolder.isPresent()) {
      return inheritedPidHolder;
    }
    return link().keepsOutputAfterWait() ? Optional.of(id() + "-" + PID_HOLDER) : Optional.empty();
  }

  /** The container whose pid 1 outlives all others and reaps their orphans; made when needed. */
  private void makePidHolder() {
    holderLock.lock();
    try {
      if (pidHolder == null && inheritedPidHolder.isEmpty()) {
        VmContainer holder =
            new ContainerStart(this, parts.vmSpec().guest(), parts.rootfs(), id -> {})
                .prepare(new ContainerBuilder(PID_HOLDER, spec -> defaultContainer()).spec());
        holder.begin();
        holder.start();
        pidHolder = holder;
        remember();
      }
    } finally {
      holderLock.unlock();
    }
  }

  @Override
  public List<Container> containers() {
    return new ArrayList<>(containers.values());
  }

  @Override
  public CompletableFuture<VmExit> onExit() {
    return parts.vm().onExit().copy();
  }

  /** Running, and not about to end. */
  void requireAccepting(String what) {
    requireRunning(what);
    if (state() == SandboxState.DRAINING) {
      throw new KataException(
          ErrorCode.INVALID_STATE,
          "cannot " + what + ": sandbox " + id() + " is draining, and takes nothing new",
          Details.none().withSandbox(id()));
    }
  }

  private void requireRunning(String what) {
    SandboxState now = state();
    if (now == SandboxState.LOST) {
      throw new KataException(
          parts.vm().onExit().isDone() ? ErrorCode.VM_EXITED : ErrorCode.AGENT_LOST,
          "cannot " + what + ": sandbox " + id() + " was lost: " + lossReason(),
          Details.none().withSandbox(id()));
    }
    if (now == SandboxState.DETACHED) {
      throw new KataException(
          ErrorCode.CLOSED,
          "cannot " + what + ": sandbox " + id() + " was let go of",
          Details.none().withSandbox(id()).withRemedy("Attach to it: kata.attach(id)"));
    }
    if (now == SandboxState.PAUSED) {
      parts.link().requireAwake(what);
    }
    if (now == SandboxState.STOPPING || now == SandboxState.STOPPED) {
      throw new KataException(
          ErrorCode.CLOSED,
          "cannot " + what + ": sandbox " + id() + " is closed",
          Details.none().withSandbox(id()));
    }
  }

  /** Why the machine is gone, as far as that is known. */
  String lossReason() {
    VmExit exit = parts.vm().onExit().getNow(null);
    if (exit != null) {
      return "the hypervisor ended with status " + exit.status() + ", " + exit.reason();
    }
    return parts.link().lossReason();
  }

  @Override
  public boolean isDetached() {
    return parts.detachment() != null;
  }

  @Override
  public boolean drain(Duration limit) {
    requireRunning("drain it");
    state.compareAndSet(SandboxState.RUNNING, SandboxState.DRAINING);
    long deadline = System.nanoTime() + Math.max(0, limit.toNanos());
    boolean ended;
    try {
      ended = activity.awaitNone(deadline) && awaitContainers(deadline);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KataException(
          ErrorCode.INTERRUPTED,
          "interrupted while sandbox " + id() + " drained",
          Details.none().withSandbox(id()).withCause(e));
    }
    stop(DRAINED_GRACE);
    return ended;
  }

  private boolean awaitContainers(long deadline) throws InterruptedException {
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

  @Override
  public void pause() {
    machine("pause").pause();
  }

  @Override
  public void resume() {
    machine("resume").resume();
  }

  /** What is done to the whole machine, after a look at whether it is there. */
  private MachinePause machine(String attempt) {
    if (state() != SandboxState.PAUSED) {
      requireRunning(attempt + " the sandbox");
    }
    return pause;
  }

  @Override
  public List<Sandbox> fork(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("a fork makes at least 1 copy, asked for " + count);
    }
    requireRunning("fork");
    return new SandboxFork(parts.engine(), this).make(count);
  }

  @Override
  public void snapshot(Path directory) {
    requireRunning("save");
    new SandboxSnapshot(parts.engine()).write(this, directory);
  }

  Parts parts() {
    return parts;
  }

  /** Containers a copy of the guest has, too. */
  List<CopiedContainer> copyableContainers() {
    List<CopiedContainer> all = new ArrayList<>();
    containers.values().forEach(container -> container.copy().ifPresent(all::add));
    return all;
  }

  /** Which of them is the one that {@link #exec} uses. */
  Optional<String> defaultContainerName() {
    defaultContainerLock.lock();
    try {
      return Optional.ofNullable(defaultContainer).map(VmContainer::name);
    } finally {
      defaultContainerLock.unlock();
    }
  }

  /** The rest of the start of a copy. */
  void beginAsCopy(
      List<CopiedContainer> copied, Optional<String> defaultName, Optional<String> holder) {
    run.enter(StartPhase.SANDBOX);
    parts.connections().configure(parts.link().client());
    inheritedPidHolder = holder;
    state.set(SandboxState.RUNNING);
    for (CopiedContainer copy : copied) {
      ContainerStart start =
          new ContainerStart(this, parts.vmSpec().guest(), parts.rootfs(), containers::remove);
      VmContainer container =
          start.existing(start.containerId(copy.plan().spec().name()), copy.plan());
      containers.put(container.id(), container);
      container.takeOver(copy.agentId(), copy.started());
      if (defaultName.isPresent() && container.name().equals(defaultName.get())) {
        defaultContainer = container;
      }
    }
    begun();
  }

  @Override
  public void stop(Duration grace) {
    end(grace, true);
  }

  @Override
  public void close() {
    if (parts.detachment() != null && letGo()) {
      return;
    }
    // Nothing in the guest outlives it, so its orderly shutdown would only cost time.
    end(CLOSE_GRACE, false);
  }

  /** What could not be copied back is told once everything else is done. */
  private @Nullable KataException copyBack() {
    KataException failure = null;
    copyingBack = true;
    for (VmContainer container : containers.values()) {
      try {
        container.copyBack();
      } catch (KataException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    return failure;
  }

  /** Leaves the machine as it is; false when there is nothing that could go on. */
  private boolean letGo() {
    closing.lock();
    try {
      Detachment detachment = parts.detachment();
      if (state() == SandboxState.DETACHED) {
        return true;
      }
      if (detachment == null
          || !(state.compareAndSet(SandboxState.RUNNING, SandboxState.DETACHED)
              || state.compareAndSet(SandboxState.DRAINING, SandboxState.DETACHED))) {
        return false;
      }
      limits.close();
      parts.link().close();
      parts.vm().detach();
      detachment.release();
      containers.clear();
      onClosed.accept(this);
      return true;
    } finally {
      closing.unlock();
    }
  }

  @SuppressWarnings("try") // The context is held, not used.
  private void end(Duration grace, boolean askAgent) {
    closing.lock();
    try (LogContext context = LogContext.of(id())) {
      if (state() == SandboxState.STOPPED || state() == SandboxState.DETACHED) {
        return;
      }
      limits.close();
      KataException lostFiles =
          state() == SandboxState.RUNNING || state() == SandboxState.DRAINING ? copyBack() : null;
      SandboxState before = state.getAndSet(SandboxState.STOPPING);
      boolean answers = before == SandboxState.RUNNING || before == SandboxState.DRAINING;
      long deadline = System.nanoTime() + grace.toNanos();
      if (askAgent && answers && !grace.isZero() && !grace.isNegative()) {
        parts.link().destroySandbox(grace);
      }
      parts.link().close();
      parts.vm().stop(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
      parts.vm().close();
      parts.connections().close();
      run.removeState();
      Detachment detachment = parts.detachment();
      if (detachment != null) {
        detachment.close();
      }
      containers.clear();
      state.set(SandboxState.STOPPED);
      onClosed.accept(this);
      if (lostFiles != null) {
        throw lostFiles;
      }
    } finally {
      closing.unlock();
    }
  }

  @Override
  public String toString() {
    return "Sandbox[" + id() + name().map(n -> " " + n).orElse("") + " " + state() + "]";
  }
}
