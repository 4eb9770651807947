package io.katajava.internal.sandbox;

import io.katajava.Birth;
import io.katajava.Choice;
import io.katajava.Container;
import io.katajava.ContainerBuilder;
import io.katajava.Deadline;
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
import io.katajava.SandboxState;
import io.katajava.SandboxStats;
import io.katajava.SandboxTimeline;
import io.katajava.agent.ArpNeighbor;
import io.katajava.agent.NetworkInterface;
import io.katajava.agent.NetworkRoute;
import io.katajava.agent.VolumeStats;
import io.katajava.internal.container.ContainerExec;
import io.katajava.internal.container.VmContainer;
import io.katajava.internal.exec.CapturedExec;
import io.katajava.internal.link.GuestSession;
import io.katajava.internal.run.StartRun;
import io.katajava.spi.VmEvidence;
import io.katajava.spi.VmExit;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A sandbox that is a virtual machine of this JVM. */
public final class VmSandbox implements Sandbox {
  private static final Logger log = LoggerFactory.getLogger(VmSandbox.class);

  private final SandboxParts parts;
  private final SandboxGround ground;
  private final SandboxContainers containers;
  private final SandboxLifecycle life;
  private final SandboxBeginning beginning;
  private final GuestCalls guest;
  private final Copies copies;

  public VmSandbox(SandboxParts parts, StartRun run, Copies copies, Consumer<VmSandbox> onClosed) {
    this.parts = parts;
    this.copies = copies;
    this.ground = new SandboxGround(this, parts, run);
    this.containers = new SandboxContainers(ground);
    this.life = new SandboxLifecycle(ground, containers, () -> onClosed.accept(this));
    this.beginning = new SandboxBeginning(ground, containers, life);
    this.guest = new GuestCalls(ground.session(), ground.states(), containers);
  }

  /** The rest of its start, for whoever makes it. */
  public SandboxBeginning beginning() {
    return beginning;
  }

  public SandboxParts parts() {
    return parts;
  }

  public GuestSession session() {
    return ground.session();
  }

  public SandboxContainers members() {
    return containers;
  }

  /** The host name of its containers. */
  public String hostname() {
    return ground.hostname();
  }

  /** The files its containers get from outside, by their paths in the guest. */
  public Map<String, byte[]> files() {
    return ground.files().contents();
  }

  /** Its own directory on the host. */
  public Path stateDirectory() {
    return ground.run().stateDirectory();
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
    return ground.events().subscribe(consumer, untrusted());
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

  @Override
  public Birth birth() {
    return parts.birth();
  }

  @Override
  public String id() {
    return ground.id();
  }

  @Override
  public Optional<String> name() {
    return parts.spec().name();
  }

  @Override
  public SandboxState state() {
    return ground.states().now();
  }

  @Override
  public SandboxTimeline timeline() {
    return session().timeline().snapshot();
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
    return CompletableFuture.supplyAsync(
            () -> defaultContainer(deadline), session().workers().executor())
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
    return new CapturedExec(session(), spec, deadline).notStartedInTime();
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
          ground.states().requireAccepting("create container " + name);
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

  @Override
  public boolean isDetached() {
    return parts.detachment() != null;
  }

  /** Closes it while the JVM ends. */
  public void closeAtExit(Duration limit) {
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
    ground.states().requireRunning("fork");
    return copies.fork(this, count);
  }

  @Override
  public void snapshot(Path directory) {
    ground.states().requireRunning("save");
    copies.snapshot(this, directory);
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
