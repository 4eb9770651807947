package io.katajava;

import io.katajava.internal.engine.Configurations;
import io.katajava.internal.engine.Engine;
import io.katajava.internal.engine.EngineSettings;
import io.katajava.spi.ConfiguredRuntime;
import io.katajava.spi.GuestAssets;
import io.katajava.spi.GuestProvider;
import io.katajava.spi.Hypervisor;
import io.katajava.spi.HypervisorConfig;
import io.katajava.spi.KataObserver;
import io.katajava.spi.RootfsProvider;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A runtime for sandboxes: the entry point of this library.
 *
 * <pre>{@code
 * try (Kata kata = Kata.create();
 *     Sandbox sandbox = kata.sandbox().image("busybox").start()) {
 *   System.out.print(sandbox.exec("uname", "-a").stdoutText());
 * }
 * }</pre>
 *
 * <p>One runtime serves many sandboxes and threads. Closing it closes the sandboxes that are still
 * open; so does the end of the JVM. A {@linkplain SandboxBuilder#detached() detached} one goes on.
 */
public final class Kata implements AutoCloseable {
  /** How long a guest may take to answer one call unless {@link Builder#callTimeout} says so. */
  public static final Duration DEFAULT_CALL_TIMEOUT = Duration.ofSeconds(60);

  private final Engine engine;

  private Kata(Engine engine) {
    this.engine = engine;
  }

  /**
   * A runtime with the hypervisor and the guest found on the class path and default settings. What
   * an earlier runtime left behind when it was killed is removed, and one log line says so.
   *
   * @return a runtime, to be closed
   * @throws KataException with {@link ErrorCode#PROVIDER_MISSING} or {@link
   *     ErrorCode#HOST_UNSUITABLE}
   */
  public static Kata create() {
    return builder().build();
  }

  /**
   * A runtime as a configuration file of Kata describes it: hypervisor, and guest if the file names
   * one. Needs {@code io.katajava:kata-config}. What of the file is probably not meant is logged as
   * a warning.
   *
   * @param file a {@code configuration.toml}; the drop-ins beside it count, too
   * @return a runtime, to be closed
   * @throws KataException with {@link ErrorCode#INVALID_CONFIGURATION} and all problems, or as
   *     {@link #create()}
   */
  public static Kata fromConfiguration(Path file) {
    return builder().configuration(file).build();
  }

  /**
   * Begins a runtime with other settings.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Describes a sandbox.
   *
   * @return a builder; {@link SandboxBuilder#start()} starts it
   */
  public SandboxBuilder sandbox() {
    return new SandboxBuilder(this);
  }

  /**
   * Starts a sandbox from a finished description.
   *
   * @param spec the description
   * @return the running sandbox, to be closed
   * @throws SandboxStartException when it cannot be started; nothing of it is left
   */
  public Sandbox start(SandboxSpec spec) {
    return engine.start(spec);
  }

  /**
   * Starts a sandbox from a finished description without waiting.
   *
   * @param spec the description
   * @return the sandbox to come
   */
  public CompletableFuture<Sandbox> startAsync(SandboxSpec spec) {
    return engine.startAsync(spec);
  }

  /**
   * Takes over a detached sandbox that no JVM is attached to. What its containers are is known
   * again: their names, states, settings; their first processes can be waited for, and commands
   * executed. Output that nobody read is there as far as a pipe holds it, kept logs begin anew;
   * commands that another JVM had executed go on, but belong to nobody.
   *
   * <p>That it is the sandbox that was started is proven: its process by pid, start time and boot,
   * as the ledger has them; the control socket by the kernel's word on who listens there; the agent
   * by a secret it was given at the start. The runtime needs the same hypervisor as the one that
   * started it.
   *
   * @param id its id, or enough of its beginning to tell it from the others
   * @return the running sandbox; {@link Sandbox#close()} lets go of it
   * @throws KataException with {@link ErrorCode#SANDBOX_NOT_FOUND}, with {@link
   *     ErrorCode#ALREADY_ATTACHED}, with {@link ErrorCode#INVALID_STATE} when it is not detached,
   *     with {@link ErrorCode#VM_EXITED} when its machine has ended, with {@link
   *     ErrorCode#AGENT_REFUSED} when what answers is not its agent
   */
  public Sandbox attach(String id) {
    return engine.attach(id);
  }

  /**
   * The detached sandboxes that wait for somebody to {@link #attach}, oldest first.
   *
   * @return a snapshot of this runtime's state directory
   */
  public List<SandboxRecord> attachable() {
    return engine.attachable();
  }

  /**
   * The sandboxes that were started or attached to, and not closed.
   *
   * @return a snapshot
   */
  public List<Sandbox> sandboxes() {
    return engine.sandboxes();
  }

  /**
   * Describes a pool of sandboxes that are kept ready.
   *
   * @return a builder; {@link SandboxPool.Builder#build()} opens the pool
   */
  public SandboxPool.Builder pool() {
    return new SandboxPool.Builder(this);
  }

  /**
   * Makes a sandbox of a snapshot: with the memory, containers and processes of the one that was
   * saved, and an identity of its own, as {@link Sandbox#fork} does. The snapshot stays and can be
   * restored again.
   *
   * @param snapshot a directory {@link Sandbox#snapshot} wrote, here or on a host of the same kind:
   *     same architecture, hypervisor version, configuration and guest
   * @return the running sandbox, to be closed
   * @throws KataException with {@link ErrorCode#SNAPSHOT_UNUSABLE} and what differs when it is
   *     damaged or foreign; else as a start
   */
  public Sandbox restore(Path snapshot) {
    return engine.restore(snapshot);
  }

  /**
   * The templates this runtime makes sandboxes of.
   *
   * @return the store
   */
  public TemplateStore templates() {
    return engine.templateStore();
  }

  /**
   * What this runtime has counted: starts, executions, calls, and how long they took.
   *
   * @return live figures
   */
  public KataMetrics metrics() {
    return engine.metrics();
  }

  /**
   * The named disks of {@link Volume#disk}.
   *
   * @return what is in the data directory
   */
  public DiskStore disks() {
    return engine.disks();
  }

  /**
   * Where state and caches are kept.
   *
   * @return the directories
   */
  public KataDirectories directories() {
    return engine.directories();
  }

  /**
   * Closes all sandboxes of this runtime; detached ones go on. Idempotent. Whatever a step fails
   * with, all of them end.
   *
   * @throws KataException with what the ends of sandboxes failed with, for example {@link
   *     ErrorCode#COPY_FAILED}; one failure is thrown as it is, several are named in one
   */
  @Override
  public void close() {
    engine.close();
  }

  /** Settings of a runtime. Not safe for several threads. */
  public static final class Builder {
    private @Nullable Hypervisor hypervisor;
    private @Nullable GuestProvider guest;
    private final List<RootfsProvider> rootfs = new ArrayList<>();
    private ProgressListener progress = ProgressListener.NONE;
    private @Nullable Path stateDirectory;
    private @Nullable Path cacheDirectory;
    private @Nullable Path dataDirectory;
    private TemplateSettings templates = TemplateSettings.defaults();
    private final List<KataObserver> observers = new ArrayList<>();
    private Duration callTimeout = DEFAULT_CALL_TIMEOUT;
    private Duration drainAtExit = Duration.ZERO;

    private Builder() {}

    /**
     * Uses a hypervisor with this configuration. Default: the first one on the class path.
     *
     * @param config for example a {@code QemuConfig}
     * @return this
     */
    public Builder hypervisor(HypervisorConfig config) {
      return hypervisor(config.toHypervisor());
    }

    /**
     * Takes hypervisor and guest from a configuration file of Kata, which is read now; what is set
     * before is replaced. Needs {@code io.katajava:kata-config}. Default: no file is read.
     *
     * @param file a {@code configuration.toml}
     * @return this
     * @throws KataException with {@link ErrorCode#INVALID_CONFIGURATION} or {@link
     *     ErrorCode#PROVIDER_MISSING}
     */
    public Builder configuration(Path file) {
      ConfiguredRuntime configured = Configurations.load(file);
      this.hypervisor = configured.hypervisor();
      configured.guest().ifPresent(this::guest);
      return this;
    }

    /**
     * Uses this hypervisor. Default: the first one on the class path.
     *
     * @param hypervisor the hypervisor
     * @return this
     */
    public Builder hypervisor(Hypervisor hypervisor) {
      this.hypervisor = hypervisor;
      return this;
    }

    /**
     * Takes the guest from this provider. Default: the first one on the class path.
     *
     * @param guest the provider
     * @return this
     */
    public Builder guest(GuestProvider guest) {
      this.guest = guest;
      return this;
    }

    /**
     * Boots these files.
     *
     * @param assets kernel, initrd and what the agent needs
     * @return this
     */
    public Builder guest(GuestAssets assets) {
      return guest(request -> assets);
    }

    /**
     * Adds a provider of root filesystems, asked before those on the class path.
     *
     * @param provider the provider
     * @return this
     */
    public Builder rootfs(RootfsProvider provider) {
      this.rootfs.add(provider);
      return this;
    }

    /**
     * Tells how far pulls, unpacking and guest builds of starts are. Default: nobody is told.
     *
     * @param listener hears of it, on the threads that do the work
     * @return this
     */
    public Builder progress(ProgressListener listener) {
      this.progress = listener;
      return this;
    }

    /**
     * Keeps sockets and ledger here. Default: see {@link KataDirectories}.
     *
     * @param directory a short path, because socket paths are limited to 107 bytes; one that is
     *     there must be this user's own, writable by nobody else, as {@link
     *     io.katajava.spi.TrustedDirectory} says
     * @return this
     */
    public Builder stateDirectory(Path directory) {
      this.stateDirectory = directory.toAbsolutePath();
      return this;
    }

    /**
     * Keeps kernels, initrds and images here. Default: see {@link KataDirectories}.
     *
     * @param directory a directory on a real disk; this user's or root's, writable by nobody else
     *     but those named in {@value io.katajava.spi.TrustedDirectory#VARIABLE}
     * @return this
     */
    public Builder cacheDirectory(Path directory) {
      this.cacheDirectory = directory.toAbsolutePath();
      return this;
    }

    /**
     * Keeps named disks here. Default: see {@link KataDirectories}.
     *
     * @param directory a directory on a real disk; this user's or root's, writable by nobody else
     *     but those named in {@value io.katajava.spi.TrustedDirectory#VARIABLE}
     * @return this
     */
    public Builder dataDirectory(Path directory) {
      this.dataDirectory = directory.toAbsolutePath();
      return this;
    }

    /**
     * Sets where templates are kept and how much they may take. Default: {@link
     * TemplateSettings#defaults()}.
     *
     * @param settings place and limits
     * @return this
     */
    public Builder templates(TemplateSettings settings) {
      this.templates = settings;
      return this;
    }

    /**
     * Follows what the runtime does, for tracing; may be called several times. Default: those on
     * the class path, such as {@code io.katajava:kata-opentelemetry}, which are there in any case.
     *
     * @param observer is told of starts, executions, and calls
     * @return this
     */
    public Builder observer(KataObserver observer) {
      this.observers.add(observer);
      return this;
    }

    /**
     * Sets the longest wait for a guest to answer one call of its agent, where the call has no time
     * limit of its own: figures, signals, pausing and limiting a container, creating and removing
     * one, each step of a copy. This machine's clock decides; a guest that is starved or stands
     * still makes such a call fail with {@link ErrorCode#TIMEOUT}. Default: {@link
     * #DEFAULT_CALL_TIMEOUT}. How long a start, an execution or a wait may take is said there.
     *
     * @param timeout a positive duration
     * @return this
     */
    public Builder callTimeout(Duration timeout) {
      this.callTimeout = Checks.positive("callTimeout", timeout);
      return this;
    }

    /**
     * Sets how long commands, and containers with a command of their own, may go on when the JVM
     * ends in order, by {@code System.exit} or SIGTERM: the runtime then {@linkplain Sandbox#drain
     * drains} its sandboxes, all at once, instead of closing them. Hooks of a JVM run at the same
     * time, so one of the program's own that drains comes too late as often as not; this one is the
     * runtime's. Whoever ends the JVM must wait as long. Default: zero, close them at once; a drain
     * that goes on already keeps its time.
     *
     * @param limit zero or a positive duration
     * @return this
     */
    public Builder drainAtExit(Duration limit) {
      if (limit.isNegative()) {
        throw new IllegalArgumentException("drainAtExit must not be negative but is " + limit);
      }
      this.drainAtExit = limit;
      return this;
    }

    /**
     * Makes the runtime and removes what killed runtimes left behind.
     *
     * @return a runtime, to be closed
     * @throws KataException with {@link ErrorCode#PROVIDER_MISSING} or {@link
     *     ErrorCode#HOST_UNSUITABLE}
     */
    public Kata build() {
      KataDirectories defaults = KataDirectories.fromEnvironment();
      KataDirectories directories =
          new KataDirectories(
              stateDirectory != null ? stateDirectory : defaults.state(),
              cacheDirectory != null ? cacheDirectory : defaults.cache(),
              dataDirectory != null ? dataDirectory : defaults.data());
      return new Kata(
          Engine.open(
              new EngineSettings(
                  hypervisor,
                  guest,
                  List.copyOf(rootfs),
                  directories,
                  templates,
                  progress,
                  List.copyOf(observers),
                  callTimeout,
                  drainAtExit)));
    }
  }
}
