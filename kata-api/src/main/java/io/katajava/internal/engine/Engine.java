package io.katajava.internal.engine;

import io.katajava.Birth;
import io.katajava.Choice;
import io.katajava.Deadline;
import io.katajava.DirectorySharing;
import io.katajava.ErrorCode;
import io.katajava.KataDirectories;
import io.katajava.KataException;
import io.katajava.KataMetrics;
import io.katajava.ProgressListener;
import io.katajava.Sandbox;
import io.katajava.SandboxRecord;
import io.katajava.SandboxSpec;
import io.katajava.internal.disk.DraftNotes;
import io.katajava.internal.disk.NamedDisks;
import io.katajava.internal.observe.LogContext;
import io.katajava.internal.observe.Telemetry;
import io.katajava.internal.template.TemplateShelf;
import io.katajava.spi.Ending;
import io.katajava.spi.GuestAssets;
import io.katajava.spi.GuestRequest;
import io.katajava.spi.TrustedDirectory;
import io.katajava.spi.VirtualMachine;
import io.katajava.spi.VmNetwork;
import io.katajava.spi.VmSizes;
import io.katajava.spi.VmSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts sandboxes and keeps them until they are closed. */
public final class Engine implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Engine.class);

  private final Providers providers;
  private final KataDirectories directories;
  private final ProgressListener progress;
  private final Ledger ledger;
  private final Workers workers = new Workers();
  private final Set<VmSandbox> open = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final Thread atExit = new Thread(this::closeAtExit, "kata-at-exit");

  private final Set<VmSandbox> building = ConcurrentHashMap.newKeySet();
  private final Templates templates;
  private final Telemetry telemetry;
  private final Duration callTimeout;
  private final Duration drainAtExit;

  private final AtomicBoolean copyingTold = new AtomicBoolean();

  private Engine(Providers providers, EngineSettings settings, Ledger ledger) {
    this.providers = providers;
    this.directories = settings.directories();
    this.progress = settings.progress();
    this.callTimeout = settings.callTimeout();
    this.drainAtExit = settings.drainAtExit();
    this.ledger = ledger;
    this.telemetry = new Telemetry(Providers.observers(settings.observers()), open::size);
    this.templates =
        new Templates(
            this,
            new TemplateShelf(settings.templates().resolve(directories), settings.templates()));
  }

  /**
   * Opens an engine and sweeps the ledger.
   *
   * @param settings from the builder
   * @return the engine
   */
  public static Engine open(EngineSettings settings) {
    Providers providers = Providers.resolve(settings);
    // What lies there is booted and believed; named disks are looked at when they are used.
    TrustedDirectory.require("cache", settings.directories().cache());
    Ledger ledger = Ledger.open(settings.directories().state());
    new LedgerSweep(ledger).run();
    Engine engine = new Engine(providers, settings, ledger);
    engine.templates.removeAbandoned();
    // A courtesy for an orderly end; a killed JVM is what death tie and ledger are for.
    Runtime.getRuntime().addShutdownHook(engine.atExit);
    return engine;
  }

  /**
   * Starts a sandbox.
   *
   * @param spec what to start
   * @return the running sandbox
   */
  @SuppressWarnings("try") // The context is held, not used.
  public Sandbox start(SandboxSpec spec) {
    requireOpen();
    StartRun run = newRun(Deadline.after(spec.startTimeout()));
    SandboxStart birth = new SandboxStart(this, spec, run);
    run.watch().begin("start");
    try (LogContext context = LogContext.of(run.sandboxId())) {
      Sandbox sandbox = birth.run();
      run.watch().started(sandbox.birth().kind());
      return sandbox;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      KataException failure =
          run.failure(
              ErrorCode.INTERRUPTED, "the thread was interrupted", null, birth.evidence(), e);
      run.watch().failed(failure, true);
      run.undo().run(failure);
      throw failure;
    } catch (RuntimeException | Error e) {
      KataException failure = run.asStartFailure(e, birth.evidence());
      run.watch().failed(failure, true);
      run.undo().run(failure);
      throw failure;
    }
  }

  /**
   * Starts a sandbox without waiting.
   *
   * @param spec what to start
   * @return the sandbox to come
   */
  public CompletableFuture<Sandbox> startAsync(SandboxSpec spec) {
    requireOpen();
    return CompletableFuture.supplyAsync(
        () -> start(spec), task -> workers.executor().execute(telemetry.carrying(task)));
  }

  /**
   * Takes over a detached sandbox.
   *
   * @param id its id or the beginning
   * @return the running sandbox
   */
  public Sandbox attach(String id) {
    requireOpen();
    return new Attach(this, ledger).run(id);
  }

  /**
   * The named disks.
   *
   * @return a view of the data directory
   */
  public NamedDisks disks() {
    return new NamedDisks(directories.data(), drafts());
  }

  DraftNotes drafts() {
    return new LedgerDrafts(ledger);
  }

  RootfsSources rootfsSources() {
    return new RootfsSources(providers.rootfs(), directories.cache(), disks(), drafts(), progress);
  }

  /**
   * The detached sandboxes nobody is attached to.
   *
   * @return a snapshot
   */
  public List<SandboxRecord> attachable() {
    return new LedgerView(ledger.state())
        .sandboxes().stream().filter(SandboxRecord::isAttachable).toList();
  }

  /**
   * The sandboxes that are open.
   *
   * @return a snapshot
   */
  public List<Sandbox> sandboxes() {
    return new ArrayList<>(open);
  }

  /**
   * Where state and caches are kept.
   *
   * @return the directories
   */
  public KataDirectories directories() {
    return directories;
  }

  /**
   * Makes a sandbox of a snapshot.
   *
   * @param directory the snapshot
   * @return the running sandbox
   */
  public Sandbox restore(Path directory) {
    requireOpen();
    return new SandboxSnapshot(this).restore(directory);
  }

  /**
   * The templates.
   *
   * @return the store
   */
  public io.katajava.TemplateStore templateStore() {
    return templates;
  }

  Templates templates() {
    return templates;
  }

  Providers providers() {
    return providers;
  }

  Workers workers() {
    return workers;
  }

  Telemetry telemetry() {
    return telemetry;
  }

  /**
   * The figures.
   *
   * @return live
   */
  public KataMetrics metrics() {
    return telemetry.metrics();
  }

  boolean isClosed() {
    return closed.get();
  }

  Ledger ledger() {
    return ledger;
  }

  StartRun newRun(Deadline deadline) {
    String id = SandboxIds.next();
    return new StartRun(id, deadline, ledger, telemetry.sandbox(id), callTimeout);
  }

  /** The longest wait for one answer of an agent. */
  Duration callTimeout() {
    return callTimeout;
  }

  /** What the hypervisor is asked for: the specification's sizes, or else its own. */
  VmSpec vmSpec(SandboxSpec spec, String sandboxId, VmNetwork network, Deadline deadline)
      throws InterruptedException {
    GuestAssets guest =
        providers
            .guest()
            .provide(
                new GuestRequest(
                    HostArchitecture.current(), directories.cache(), deadline, progress));
    VmSizes defaults = providers.hypervisor().defaultSizes();
    return new VmSpec(
        sandboxId,
        new VmSizes(spec.vcpus().orElse(defaults.vcpus()), spec.memory().orElse(defaults.memory())),
        spec.life().detached() ? Detachment.guest(guest, spec.life()) : guest,
        network,
        spec.life().detached(),
        shares(spec.sharing()));
  }

  /** Told once: what was asked for is met, in the other of its two ways. */
  void tellCopying(String obstacle) {
    if (copyingTold.compareAndSet(false, true)) {
      log.warn("directories of the host are copied instead of shared: {}", obstacle);
    }
  }

  /** A start that must share has found out by now whether it can. */
  private boolean shares(DirectorySharing sharing) {
    return switch (sharing) {
      case COPY -> false;
      case VIRTIO_FS -> true;
      case VIRTIO_FS_OR_COPY -> providers.hypervisor().obstacleToSharing().isEmpty();
    };
  }

  VmSandbox.Parts parts(
      SandboxSpec spec,
      VmSpec vmSpec,
      VirtualMachine vm,
      AgentLink link,
      SandboxConnections connections,
      List<Choice> choices,
      @Nullable Detachment detachment,
      Birth birth) {
    return new VmSandbox.Parts(
        spec,
        vmSpec,
        vm,
        link,
        connections,
        rootfsSources(),
        choices,
        detachment,
        workers,
        birth,
        this);
  }

  /** A sandbox that is handed out, from now on until it is closed. */
  void keep(VmSandbox sandbox) {
    open.add(sandbox);
    if (closed.get()) {
      open.remove(sandbox);
      throw new KataException(ErrorCode.CLOSED, "the Kata runtime was closed meanwhile");
    }
  }

  void forget(VmSandbox sandbox) {
    open.remove(sandbox);
  }

  /** A machine that becomes a template: closed with the runtime, which ends its build. */
  void track(VmSandbox sandbox) {
    building.add(sandbox);
    if (closed.get()) {
      throw new KataException(ErrorCode.CLOSED, "the Kata runtime was closed meanwhile");
    }
  }

  void untrack(VmSandbox sandbox) {
    building.remove(sandbox);
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      try {
        Runtime.getRuntime().removeShutdownHook(atExit);
      } catch (IllegalStateException e) {
        // The JVM is ending already; the hook does the same as what follows.
        log.debug("closed while the JVM ends");
      }
      Ending end = new Ending("the Kata runtime");
      closeSandboxes(end, VmSandbox::close);
      end.step("ending its threads", workers::close);
      end.orThrow();
    }
  }

  private void closeAtExit() {
    Ending end = new Ending("the Kata runtime");
    closeSandboxes(end, sandbox -> sandbox.closeAtExit(drainAtExit));
    try {
      end.orThrow();
    } catch (RuntimeException | Error e) {
      log.warn("not everything was closed while the JVM ended: {}", e.toString());
    }
  }

  /** All at once, as each may take its time. */
  private void closeSandboxes(Ending end, Consumer<VmSandbox> close) {
    Map<VmSandbox, CompletableFuture<Void>> closing = new LinkedHashMap<>();
    List<VmSandbox> all = new ArrayList<>(open);
    all.addAll(building);
    for (VmSandbox sandbox : all) {
      String attempt = "closing sandbox " + sandbox.id();
      try {
        closing.put(
            sandbox, CompletableFuture.runAsync(() -> close.accept(sandbox), workers.executor()));
      } catch (RuntimeException | Error e) {
        // There is no thread to be had: then it is closed by this one.
        end.step(attempt, () -> close.accept(sandbox));
      }
    }
    closing.forEach(
        (sandbox, one) ->
            end.step(
                "closing sandbox " + sandbox.id(),
                () -> {
                  try {
                    one.get();
                  } catch (ExecutionException e) {
                    throw e.getCause() instanceof Exception known ? known : e;
                  }
                }));
    end.step("ending the builds of templates", templates::close);
  }

  private void requireOpen() {
    if (closed.get()) {
      throw new KataException(ErrorCode.CLOSED, "this Kata runtime is closed");
    }
  }
}
