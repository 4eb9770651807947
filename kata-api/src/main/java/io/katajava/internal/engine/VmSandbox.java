package io.katajava.internal.engine;

import io.katajava.Birth;
import io.katajava.Choice;
import io.katajava.Container;
import io.katajava.ContainerBuilder;
import io.katajava.Deadline;
import io.katajava.DirectorySharing;
import io.katajava.ErrorCode;
import io.katajava.ExecResult;
import io.katajava.ExecSpec;
import io.katajava.Execution;
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
import io.katajava.agent.ArpNeighbor;
import io.katajava.agent.NetworkInterface;
import io.katajava.agent.NetworkRoute;
import io.katajava.agent.VolumeStats;
import io.katajava.spi.VirtualMachine;
import io.katajava.spi.VmEvidence;
import io.katajava.spi.VmExit;
import io.katajava.spi.VmSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A sandbox that is a virtual machine of this JVM. */
final class VmSandbox implements Sandbox {
  private static final Logger log = LoggerFactory.getLogger(VmSandbox.class);

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
  private final SandboxShares shares;
  private final SandboxFiles files;
  private final SandboxContainers containers;
  private final SandboxLifecycle life;
  private final GuestCalls guest = new GuestCalls(this);
  private final Activity activity = new Activity();
  private final String execPrefix;

  VmSandbox(Parts parts, StartRun run, Consumer<VmSandbox> onClosed) {
    this.workers = parts.workers().around(run.watch());
    this.events = new SandboxEvents(workers.executor());
    this.parts = parts;
    this.disks = new SandboxDisks(parts.vm(), parts.vmSpec().guest().modules(), parts.link());
    this.shares =
        new SandboxShares(
            parts.vm(),
            parts.vmSpec().sharesDirectories(),
            parts.spec().sharing() == DirectorySharing.VIRTIO_FS,
            parts.engine()::tellCopying);
    this.run = run;
    this.files = new SandboxFiles(hostname(), parts.connections());
    this.containers = new SandboxContainers(this, parts);
    this.life = new SandboxLifecycle(this, parts, run, onClosed);
    Detachment detachment = parts.detachment();
    // Commands of a JVM before this one, or of the guest this one is a copy of, may still run under
    // their ids.
    boolean first =
        parts.birth().kind() == Birth.Kind.COLD && (detachment == null || detachment.isOurs());
    this.execPrefix = first ? "exec-" : "exec-" + SandboxIds.next() + "-";
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
    containers.bring(container);
    begun();
  }

  /** The rest of the start of one that becomes a template: nothing is left under way in it. */
  void beginAsTemplate() {
    run.enter(StartPhase.SANDBOX);
    parts.link().createSandbox(run.sandboxId(), hostname(), List.of(), "");
    files.write(parts.link().client());
    life.runs();
  }

  private void begun() {
    parts.connections().tell(events::emit);
    Detachment detachment = parts.detachment();
    containers.makeNamedDefault();
    if (detachment != null) {
      detachment.commit();
    }
    run.endPhase();
    watch(detachment == null ? Instant.now() : detachment.started());
  }

  /** What is in a sandbox that another JVM started. */
  void resume(List<DetachedRecord.OneContainer> known, Instant started) {
    containers.resume(known);
    watch(started);
  }

  private void watch(Instant started) {
    life.watch(started);
    awaitOutOfMemory();
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
              containers.all().stream()
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
        parts.vm().openings().stream()
            .map(Choice::toString)
            .reduce((first, second) -> first + "; " + second)
            .orElse("the hypervisor says so");
    return List.of(new SandboxEvent.Untrusted(Instant.now(), reason));
  }

  @Override
  public Subscription onEvent(Consumer<SandboxEvent> consumer) {
    return events.subscribe(consumer, untrusted());
  }

  @Override
  public String guestMetrics() {
    return guest.metrics();
  }

  @Override
  public SandboxStats stats() {
    return guest.stats();
  }

  @Override
  public String ipTables(IpFamily family) {
    return guest.ipTables(family);
  }

  @Override
  public void setIpTables(IpFamily family, String rules) {
    guest.setIpTables(family, rules);
  }

  @Override
  public void setPolicy(String policy) {
    guest.setPolicy(policy);
  }

  @Override
  public Map<String, String> annotations() {
    return parts.spec().annotations();
  }

  @Override
  public List<NetworkInterface> interfaces() {
    return guest.interfaces();
  }

  @Override
  public List<NetworkRoute> routes() {
    return guest.routes();
  }

  @Override
  public NetworkInterface updateInterface(NetworkInterface wanted) {
    return guest.updateInterface(wanted);
  }

  @Override
  public List<NetworkRoute> updateRoutes(List<NetworkRoute> routes) {
    return guest.updateRoutes(routes);
  }

  @Override
  public void addNeighbors(List<ArpNeighbor> neighbors) {
    guest.addNeighbors(neighbors);
  }

  @Override
  public SandboxNetwork network() {
    return parts.connections();
  }

  @Override
  public VolumeStats volumeStats(String path) {
    return guest.volumeStats(path);
  }

  SandboxContainers members() {
    return containers;
  }

  SandboxLifecycle life() {
    return life;
  }

  SandboxFiles files() {
    return files;
  }

  SandboxDisks disks() {
    return disks;
  }

  SandboxShares shares() {
    return shares;
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
    if (life.refusesCommands()) {
      activity.leave();
      requireAccepting("execute " + command);
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
    return life.state();
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
    all.addAll(containers.describe());
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
    Optional<Deadline> deadline = ContainerExec.deadline(spec);
    return CompletableFuture.supplyAsync(() -> defaultContainer(deadline), workers.executor())
        .thenCompose(
            container ->
                container
                    .map(found -> found.execAsync(spec, deadline))
                    .orElseGet(() -> CompletableFuture.completedFuture(late(spec, deadline))));
  }

  @Override
  public ExecResult exec(ExecSpec spec) {
    Optional<Deadline> deadline = ContainerExec.deadline(spec);
    return defaultContainer(deadline)
        .map(container -> container.exec(spec, deadline))
        .orElseGet(() -> late(spec, deadline));
  }

  @Override
  public Execution execInteractive(Consumer<ExecSpec.Builder> spec) {
    ExecSpec.Builder builder = ExecSpec.builder();
    spec.accept(builder);
    ExecSpec command = builder.build();
    Optional<Deadline> deadline = ContainerExec.deadline(command);
    return defaultContainer(deadline)
        .orElseThrow(
            () ->
                new KataException(
                    ErrorCode.TIMEOUT,
                    "could not execute " + command.command().get(0) + ": " + lateText(deadline),
                    Details.none().withSandbox(id())))
        .execInteractive(command, deadline);
  }

  private Optional<VmContainer> defaultContainer(Optional<Deadline> deadline) {
    return deadline.isPresent()
        ? containers.defaultContainer(deadline.get())
        : Optional.of(containers.defaultContainer());
  }

  private ExecResult late(ExecSpec spec, Optional<Deadline> deadline) {
    log.info("[{}] {}", id(), lateText(deadline));
    return new CapturedExec(this, spec, deadline).notStartedInTime();
  }

  private static String lateText(Optional<Deadline> deadline) {
    return "the default container was not made within "
        + deadline.map(limit -> limit.allowed().toMillis()).orElse(0L)
        + " ms";
  }

  @Override
  public Container defaultContainer() {
    return containers.defaultContainer();
  }

  @Override
  public ContainerBuilder container(String name) {
    return new ContainerBuilder(
        name,
        spec -> {
          requireAccepting("create container " + name);
          return containers.create(spec);
        });
  }

  @Override
  public List<Container> containers() {
    return new ArrayList<>(containers.all());
  }

  @Override
  public CompletableFuture<VmExit> onExit() {
    return parts.vm().onExit().copy();
  }

  /** Running, and not about to end. */
  void requireAccepting(String what) {
    life.requireAccepting(what);
  }

  /** Why the machine is gone, as far as that is known. */
  String lossReason() {
    return life.lossReason();
  }

  @Override
  public boolean isDetached() {
    return parts.detachment() != null;
  }

  /** Its holder has closed it, or is about to. */
  boolean isEnding() {
    return life.isEnding();
  }

  void closeAtExit(Duration limit) {
    life.closeAtExit(limit);
  }

  @Override
  public boolean drain(Duration limit) {
    return life.drain(limit);
  }

  @Override
  public void pause() {
    life.machine("pause").pause();
  }

  @Override
  public void resume() {
    life.machine("resume").resume();
  }

  @Override
  public List<Sandbox> fork(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("a fork makes at least 1 copy, asked for " + count);
    }
    life.requireRunning("fork");
    return new SandboxFork(parts.engine(), this).make(count);
  }

  @Override
  public void snapshot(Path directory) {
    life.requireRunning("save");
    new SandboxSnapshot(parts.engine()).write(this, directory);
  }

  Parts parts() {
    return parts;
  }

  /** The rest of the start of a copy. */
  void beginAsCopy(
      List<CopiedContainer> copied, Optional<String> defaultName, Optional<String> holder) {
    run.enter(StartPhase.SANDBOX);
    parts.connections().configure(parts.link().client());
    life.runs();
    containers.inherit(copied, defaultName, holder);
    begun();
  }

  @Override
  public void stop(Duration grace) {
    life.end(grace, true);
  }

  @Override
  public void close() {
    life.close();
  }

  @Override
  public String toString() {
    return "Sandbox[" + id() + name().map(n -> " " + n).orElse("") + " " + state() + "]";
  }
}
