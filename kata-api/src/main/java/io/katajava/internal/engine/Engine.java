package io.katajava.internal.engine;

import io.katajava.Deadline;
import io.katajava.KataDirectories;
import io.katajava.KataMetrics;
import io.katajava.Sandbox;
import io.katajava.SandboxRecord;
import io.katajava.SandboxSpec;
import io.katajava.internal.birth.Attach;
import io.katajava.internal.birth.OpenSandboxes;
import io.katajava.internal.birth.RuntimeServices;
import io.katajava.internal.birth.SandboxBirth;
import io.katajava.internal.birth.SandboxCopies;
import io.katajava.internal.birth.SandboxMaker;
import io.katajava.internal.birth.SandboxSnapshot;
import io.katajava.internal.birth.SandboxStart;
import io.katajava.internal.birth.Templates;
import io.katajava.internal.disk.NamedDisks;
import io.katajava.internal.ledger.Ledger;
import io.katajava.internal.ledger.LedgerSweep;
import io.katajava.internal.ledger.LedgerView;
import io.katajava.internal.observe.Telemetry;
import io.katajava.internal.run.StartRun;
import io.katajava.internal.sandbox.VmSandbox;
import io.katajava.internal.template.TemplateShelf;
import io.katajava.spi.Ending;
import io.katajava.spi.TrustedDirectory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts sandboxes and keeps them until they are closed. */
public final class Engine implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Engine.class);

  private final RuntimeServices services;
  private final OpenSandboxes open = new OpenSandboxes();
  private final SandboxMaker maker;
  private final Templates templates;
  private final Duration drainAtExit;
  private final Thread atExit = new Thread(this::closeAtExit, "kata-at-exit");

  private Engine(Providers providers, EngineSettings settings, Ledger ledger) {
    KataDirectories directories = settings.directories();
    this.drainAtExit = settings.drainAtExit();
    this.services =
        new RuntimeServices(
            providers.hypervisor(),
            providers.guest(),
            providers.rootfs(),
            directories,
            settings.progress(),
            ledger,
            new Telemetry(Providers.observers(settings.observers()), open::size),
            settings.callTimeout());
    this.maker = new SandboxCopies(services, open).maker();
    this.templates =
        new Templates(
            maker,
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
  public Sandbox start(SandboxSpec spec) {
    open.requireOpen();
    StartRun run = services.newRun(Deadline.after(spec.startTimeout()));
    return SandboxBirth.of(run, "start", new SandboxStart(maker, templates, spec, run));
  }

  /**
   * Starts a sandbox without waiting.
   *
   * @param spec what to start
   * @return the sandbox to come
   */
  public CompletableFuture<Sandbox> startAsync(SandboxSpec spec) {
    open.requireOpen();
    return CompletableFuture.supplyAsync(
        () -> start(spec),
        task -> services.workers().executor().execute(services.telemetry().carrying(task)));
  }

  /**
   * Takes over a detached sandbox.
   *
   * @param id its id or the beginning
   * @return the running sandbox
   */
  public Sandbox attach(String id) {
    open.requireOpen();
    return new Attach(maker).run(id);
  }

  /**
   * The named disks.
   *
   * @return a view of the data directory
   */
  public NamedDisks disks() {
    return services.disks();
  }

  /**
   * The detached sandboxes nobody is attached to.
   *
   * @return a snapshot
   */
  public List<SandboxRecord> attachable() {
    return new LedgerView(services.ledger().state())
        .sandboxes().stream().filter(SandboxRecord::isAttachable).toList();
  }

  /**
   * The sandboxes that are open.
   *
   * @return a snapshot
   */
  public List<Sandbox> sandboxes() {
    return open.all();
  }

  /**
   * Where state and caches are kept.
   *
   * @return the directories
   */
  public KataDirectories directories() {
    return services.directories();
  }

  /**
   * Makes a sandbox of a snapshot.
   *
   * @param directory the snapshot
   * @return the running sandbox
   */
  public Sandbox restore(Path directory) {
    open.requireOpen();
    return new SandboxSnapshot(maker).restore(directory);
  }

  /**
   * The templates.
   *
   * @return the store
   */
  public io.katajava.TemplateStore templateStore() {
    return templates;
  }

  /**
   * The figures.
   *
   * @return live
   */
  public KataMetrics metrics() {
    return services.telemetry().metrics();
  }

  @Override
  public void close() {
    if (open.refuseMore()) {
      try {
        Runtime.getRuntime().removeShutdownHook(atExit);
      } catch (IllegalStateException e) {
        // The JVM is ending already; the hook does the same as what follows.
        log.debug("closed while the JVM ends");
      }
      Ending end = new Ending("the Kata runtime");
      closeSandboxes(end, VmSandbox::close);
      end.step("ending its threads", services.workers()::close);
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

  private void closeSandboxes(Ending end, Consumer<VmSandbox> close) {
    open.closeAll(end, services.workers().executor(), close);
    end.step("ending the builds of templates", templates::close);
  }
}
