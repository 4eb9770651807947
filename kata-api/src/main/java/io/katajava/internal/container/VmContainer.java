package io.katajava.internal.container;

import io.katajava.Choice;
import io.katajava.Container;
import io.katajava.ContainerFiles;
import io.katajava.ContainerLimits;
import io.katajava.ContainerLog;
import io.katajava.ContainerStats;
import io.katajava.ContainerStatus;
import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.ExecOutcome;
import io.katajava.ExecResult;
import io.katajava.ExecSpec;
import io.katajava.Execution;
import io.katajava.Healthcheck;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.Sandbox;
import io.katajava.internal.exec.InteractiveExecution;
import io.katajava.internal.link.AgentCapability;
import io.katajava.internal.link.AgentFailures;
import io.katajava.internal.link.GuestSession;
import io.katajava.internal.tar.HostSnapshot;
import io.katajava.internal.tree.OpenDirectory;
import io.katajava.wait.WaitStrategy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A container in a sandbox of this JVM. */
public final class VmContainer implements Container {
  /** For a look at what the kernel knows; a guest that computes for others may be slow. */
  private static final Duration LOOK_TIMEOUT = Duration.ofSeconds(30);

  private final ContainerHost host;
  private final GuestSession session;
  private final ContainerPlan plan;
  private final ContainerVolumes volumes;
  private final Consumer<String> onClosed;
  private final ContainerExec execs;
  private final @Nullable LogBuffer log;
  private final ContainerLife life;

  VmContainer(
      ContainerHost host, ContainerPlan plan, ContainerVolumes volumes, Consumer<String> onClosed) {
    this.host = host;
    this.session = host.session();
    this.plan = plan;
    this.volumes = volumes;
    this.onClosed = onClosed;
    this.log =
        plan.spec()
            .keptLog()
            .map(size -> new LogBuffer(size.bytes(), session.workers()))
            .orElse(null);
    this.life = new ContainerLife(host, plan, volumes, log);
    this.execs = new ContainerExec(host, life::openRun);
  }

  /**
   * A container that another JVM made; empty when the guest has it no longer, or never had.
   *
   * @param known what was written down
   */
  public static Optional<VmContainer> resumed(
      ContainerHost host, ContainerRecord known, Consumer<String> onClosed) {
    VmContainer container =
        new VmContainer(
            host,
            known.plan(),
            new ContainerVolumes(known.plan().id(), known.plan().spec(), Map.of()),
            onClosed);
    return container.life.resume(known) ? Optional.of(container) : Optional.empty();
  }

  public boolean needsThisJvm() {
    return volumes.needsThisJvm();
  }

  /** What another JVM has to know of it. */
  public ContainerRecord toRecord(ContainerRecord.Role role) {
    return life.toRecord(role);
  }

  /** The end of its first process, if that runs and does something of its own. */
  public Optional<CompletableFuture<ExecOutcome>> work() {
    InteractiveExecution process = life.main();
    return process == null || plan.pause().isPresent()
        ? Optional.empty()
        : Optional.of(process.onExit());
  }

  /** Makes the container in the guest; leaves nothing on failure. */
  public void begin() {
    life.begin();
  }

  /** Copies a directory of this container, a carrier, back to where it came from. */
  void copyIn(OpenDirectory source, String target, HostSnapshot notes) {
    new VmContainerFiles(session, execs, name()).copyIn(source, target, notes);
  }

  void copyBack(String source, OpenDirectory target, HostSnapshot before) {
    VmContainerFiles.toCopyBack(session, execs, name()).copyBack(source, target, before);
  }

  /** Copies back what the container may have written to directories of the host. */
  public void copyBack() {
    volumes.copyBack();
  }

  /** It was made in the guest before this start, under another id; its first process runs. */
  public void takeOver(String agentId) {
    life.takeOver(agentId);
  }

  /** Goes on as a copy of a container that the guest was saved with. */
  public void continueCopy(ContainerRecord known) {
    life.continueCopy(known);
  }

  /** What a copy of the guest has of it; nothing once its first process has ended. */
  public Optional<ContainerRecord> copy(ContainerRecord.Role role) {
    return switch (status().state()) {
      case CREATED, RUNNING, PAUSED -> Optional.of(toRecord(role));
      case STOPPED, CLOSED, LOST -> Optional.empty();
    };
  }

  @Override
  public String id() {
    return plan.id();
  }

  /** The id the agent has for it now. */
  public String agentId() {
    return life.agentId();
  }

  @Override
  public String name() {
    return plan.spec().name();
  }

  @Override
  public Sandbox sandbox() {
    return host.sandbox();
  }

  public String fingerprint() {
    return plan.fingerprint();
  }

  public Choice describeRootfs() {
    return new Choice(
        "root filesystem of " + name(),
        plan.rootfs().description(),
        plan.spec().image().isPresent() ? "it was asked for" : "no image was asked for");
  }

  public List<Choice> describeVolumes() {
    return volumes.choices();
  }

  @Override
  public Execution mainProcess() {
    return life.requireMain();
  }

  @Override
  public ContainerLog log() {
    if (log == null) {
      throw new IllegalStateException(
          "container " + name() + " keeps no log; make it with keepLog(...)");
    }
    return log;
  }

  @Override
  public Optional<Healthcheck> healthcheck() {
    return plan.spec()
        .healthcheck()
        .or(plan.rootfs().config()::healthcheck)
        .filter(check -> !check.isNone());
  }

  boolean keepsLog() {
    return log != null;
  }

  @Override
  public void waitUntil(WaitStrategy strategy) {
    mainProcess();
    ContainerWait.run(this, strategy, life.ended());
  }

  @Override
  public Set<Integer> listeningPorts() {
    boolean builtIn = session.link().can(AgentCapability.LISTENER_TABLES);
    ExecSpec look =
        builtIn
            ? looking("tcp-listeners", "/proc/net")
            : looking("cat", "/proc/net/tcp", "/proc/net/tcp6");
    ExecResult tables =
        execs.exec(look, builtIn ? "tcp-listeners" : "", ContainerExec.deadline(look));
    if (tables.outcome() instanceof ExecOutcome.TimedOut late) {
      throw new KataException(
          ErrorCode.TIMEOUT,
          "could not find out at which ports container "
              + name()
              + " listens: it "
              + late.describe(),
          Details.none().withSandbox(session.id()));
    }
    // A kernel without IPv6 has no second table, which is no failure.
    return ListenTable.ports((builtIn ? tables.orThrow() : tables).stdoutText());
  }

  /** As root, whatever the container's user is. */
  private ExecSpec looking(String... command) {
    Duration limit = session.link().callTimeout();
    return ExecSpec.command(command)
        .user("0:0")
        .workdir("/")
        .timeout(limit.compareTo(LOOK_TIMEOUT) < 0 ? limit : LOOK_TIMEOUT)
        .build();
  }

  @Override
  public ContainerFiles files() {
    return new VmContainerFiles(session, execs, name());
  }

  @Override
  public ContainerStatus status() {
    return life.status();
  }

  @Override
  public ContainerStats stats() {
    ContainerRun now = life.openRun();
    return AgentFailures.translating(
        "read the figures of container " + name(),
        session,
        () -> StatsValues.of(session.link().client().statsContainer(now.plan().id())));
  }

  @Override
  public void start() {
    life.start();
  }

  @Override
  public void signal(int signal) {
    mainProcess().signal(signal);
  }

  @Override
  public void kill() {
    life.kill();
  }

  @Override
  public void stop(Duration grace) {
    life.stop(grace);
  }

  @Override
  public void restart(Duration grace) {
    life.restart(grace);
  }

  @Override
  public void pause() {
    life.pause();
  }

  @Override
  public void resume() {
    life.resume();
  }

  @Override
  public void update(ContainerLimits change) {
    life.update(change);
  }

  @Override
  public ExecResult exec(ExecSpec spec) {
    return execs.exec(spec);
  }

  public ExecResult exec(ExecSpec spec, Optional<Deadline> deadline) {
    return execs.exec(spec, "", deadline);
  }

  public CompletableFuture<ExecResult> execAsync(ExecSpec spec, Optional<Deadline> deadline) {
    return execs.execAsync(spec, deadline);
  }

  public Execution execInteractive(ExecSpec spec, Optional<Deadline> deadline) {
    return execs.execInteractive(spec, deadline);
  }

  @Override
  public CompletableFuture<ExecResult> execAsync(ExecSpec spec) {
    return execs.execAsync(spec);
  }

  @Override
  public Execution execInteractive(ExecSpec spec) {
    return execs.execInteractive(spec);
  }

  @Override
  public void close() {
    life.close(onClosed);
  }

  @Override
  public String toString() {
    return "Container[" + name() + " in " + session.id() + " " + status().state() + "]";
  }
}
