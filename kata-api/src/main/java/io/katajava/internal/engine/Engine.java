package io.katajava.internal.engine;

import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.KataDirectories;
import io.katajava.KataException;
import io.katajava.ProgressListener;
import io.katajava.Sandbox;
import io.katajava.SandboxRecord;
import io.katajava.SandboxSpec;
import io.katajava.StartPhase;
import io.katajava.spi.GuestAssets;
import io.katajava.spi.GuestRequest;
import io.katajava.spi.VirtualMachine;
import io.katajava.spi.VmEvidence;
import io.katajava.spi.VmSizes;
import io.katajava.spi.VmSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
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
  private final Thread atExit = new Thread(this::closeSandboxes, "kata-at-exit");

  private Engine(Providers providers, EngineSettings settings, Ledger ledger) {
    this.providers = providers;
    this.directories = settings.directories();
    this.progress = settings.progress();
    this.ledger = ledger;
  }

  /**
   * Opens an engine and sweeps the ledger.
   *
   * @param settings from the builder
   * @return the engine
   */
  public static Engine open(EngineSettings settings) {
    Providers providers = Providers.resolve(settings);
    Ledger ledger = Ledger.open(settings.directories().state());
    new LedgerSweep(ledger).run();
    Engine engine = new Engine(providers, settings, ledger);
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
  public Sandbox start(SandboxSpec spec) {
    requireOpen();
    StartRun run = new StartRun(SandboxIds.next(), Deadline.after(spec.startTimeout()), ledger);
    Birth birth = new Birth(spec, run);
    try {
      return birth.run();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      KataException failure =
          run.failure(
              ErrorCode.INTERRUPTED, "the thread was interrupted", null, birth.evidence(), e);
      run.undo().run(failure);
      throw failure;
    } catch (RuntimeException | Error e) {
      KataException failure = run.asStartFailure(e, birth.evidence());
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
    return CompletableFuture.supplyAsync(() -> start(spec), workers.executor());
  }

  /**
   * Takes over a detached sandbox.
   *
   * @param id its id or the beginning
   * @return the running sandbox
   */
  public Sandbox attach(String id) {
    requireOpen();
    return new Attach(providers, rootfsSources(), ledger, workers, open).run(id);
  }

  private RootfsSources rootfsSources() {
    return new RootfsSources(providers.rootfs(), directories.cache(), progress);
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

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      try {
        Runtime.getRuntime().removeShutdownHook(atExit);
      } catch (IllegalStateException e) {
        // The JVM is ending already; the hook does the same as what follows.
        log.debug("closed while the JVM ends");
      }
      closeSandboxes();
      workers.close();
    }
  }

  private void closeSandboxes() {
    List<CompletableFuture<Void>> closing = new ArrayList<>();
    for (VmSandbox sandbox : open) {
      closing.add(CompletableFuture.runAsync(sandbox::close, workers.executor()));
    }
    for (CompletableFuture<Void> one : closing) {
      try {
        one.join();
      } catch (RuntimeException e) {
        log.warn("a sandbox could not be closed", e);
      }
    }
  }

  private void requireOpen() {
    if (closed.get()) {
      throw new KataException(ErrorCode.CLOSED, "this Kata runtime is closed");
    }
  }

  /** The way of one start, from the specification to the running sandbox. */
  private final class Birth {
    private final SandboxSpec spec;
    private final StartRun run;
    private volatile VmEvidence evidence = VmEvidence.none();

    Birth(SandboxSpec spec, StartRun run) {
      this.spec = spec;
      this.run = run;
    }

    VmEvidence evidence() {
      return evidence;
    }

    Sandbox run() throws InterruptedException {
      run.enter(StartPhase.HOST);
      if (spec.life().detached() && !providers.hypervisor().isDetachable()) {
        throw run.failure(
            ErrorCode.INVALID_CONFIGURATION,
            "machines of hypervisor " + providers.hypervisor().name() + " end with their JVM",
            "Leave out detached()",
            VmEvidence.none(),
            null);
      }
      run.prepareDirectory();

      run.enter(StartPhase.GUEST);
      GuestAssets guest =
          providers
              .guest()
              .provide(
                  new GuestRequest(
                      HostArchitecture.current(), directories.cache(), run.deadline(), progress));
      boolean detached = spec.life().detached();
      VmSizes defaults = providers.hypervisor().defaultSizes();
      VmSpec vmSpec =
          new VmSpec(
              run.sandboxId(),
              new VmSizes(
                  spec.vcpus().orElse(defaults.vcpus()), spec.memory().orElse(defaults.memory())),
              detached ? Detachment.guest(guest, spec.life()) : guest,
              detached);

      VirtualMachine vm = providers.hypervisor().launch(vmSpec, run);
      run.undo().push(vm::close);
      AgentLink link;
      try {
        link = AgentLink.establish(vm, run);
        run.undo().push(link::close);
        Detachment detachment = detached ? detachment(vmSpec, link) : null;
        VmSandbox sandbox =
            new VmSandbox(
                new VmSandbox.Parts(
                    spec,
                    vmSpec,
                    vm,
                    link,
                    rootfsSources(),
                    providers.hypervisor().describe(vmSpec),
                    detachment,
                    workers),
                run,
                open::remove);
        sandbox.begin();
        if (closed.get()) {
          throw new KataException(ErrorCode.CLOSED, "the Kata runtime was closed meanwhile");
        }
        open.add(sandbox);
        run.undo().forget();
        return sandbox;
      } catch (RuntimeException | InterruptedException e) {
        evidence = vm.evidence();
        throw e;
      }
    }

    private Detachment detachment(VmSpec vmSpec, AgentLink link) {
      if (!link.keepsOutputAfterWait()) {
        throw run.failure(
            ErrorCode.INVALID_CONFIGURATION,
            "a detached sandbox needs an agent that proves later which sandbox it is, and this"
                + " guest's is another",
            "Use the default guest, or leave out detached()",
            VmEvidence.none(),
            null);
      }
      Detachment detachment = Detachment.begin(ledger, spec, vmSpec, run.entry());
      run.undo().push(detachment::close);
      return detachment;
    }
  }
}
