package io.katajava.qemu.internal;

import io.katajava.Choice;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.MemorySize;
import io.katajava.agent.AgentAddress;
import io.katajava.qemu.ChangePlan;
import io.katajava.qemu.LiveChange;
import io.katajava.qemu.QemuStatistics;
import io.katajava.qemu.QemuVm;
import io.katajava.qemu.VmEvents;
import io.katajava.qemu.device.QemuDevice;
import io.katajava.qmp.EventQueue;
import io.katajava.qmp.QmpClient;
import io.katajava.qmp.QmpClosedException;
import io.katajava.qmp.QmpCommand;
import io.katajava.qmp.QmpEvent;
import io.katajava.qmp.QmpException;
import io.katajava.qmp.QmpInterruptedException;
import io.katajava.qmp.QmpOptions;
import io.katajava.qmp.command.Balloon;
import io.katajava.qmp.command.Cont;
import io.katajava.qmp.command.DumpGuestMemory;
import io.katajava.qmp.command.QueryBalloon;
import io.katajava.qmp.command.QueryStatus;
import io.katajava.qmp.command.Quit;
import io.katajava.qmp.command.Screendump;
import io.katajava.qmp.command.Stop;
import io.katajava.qmp.command.SystemPowerdown;
import io.katajava.qmp.command.SystemReset;
import io.katajava.qmp.event.GuestPanickedEvent;
import io.katajava.qmp.event.ShutdownEvent;
import io.katajava.spi.CommandObserver;
import io.katajava.spi.DirectoryShare;
import io.katajava.spi.Ending;
import io.katajava.spi.PluggedHardware;
import io.katajava.spi.Rootfs;
import io.katajava.spi.VmEvidence;
import io.katajava.spi.VmExit;
import io.katajava.spi.VmImage;
import io.katajava.spi.VmSizes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One running QEMU: its process, control connection, output, and its end. */
final class QemuMachine implements QemuVm {
  private static final Logger log = LoggerFactory.getLogger(QemuMachine.class);
  private static final Duration KILL_LIMIT = Duration.ofSeconds(10);
  private static final Duration LAST_WORDS_LIMIT = Duration.ofMillis(500);

  private final String sandboxId;
  private final Process process;
  private final @Nullable ConsoleSocket consoleSocket;
  private final List<String> commandLine;
  private final QemuSockets sockets;
  private final RunAs runAs;
  private final @Nullable QemuCapabilities known;
  private final List<Choice> openings;
  private final ChangePlanner planner;
  private volatile MachineCopies copies;
  private final SharedDirectories shares;
  private final OutputTail stderr;
  private final OutputTail console;
  private final CompletableFuture<VmExit> exit;
  private final ReentrantLock saving = new ReentrantLock();
  private final ReentrantLock closing = new ReentrantLock();
  private volatile @Nullable QmpClient monitor;
  private volatile @Nullable EventQueue<QmpEvent> endings;
  private volatile @Nullable LiveChanges changes;
  private volatile @Nullable StateTransport transport;
  private final ObservedCommands commands = new ObservedCommands();
  private volatile @Nullable String ourDoing;
  private volatile boolean closed;

  /**
   * Takes over a process.
   *
   * @param consoleSocket the console of a machine that can be let go; else it is on its output
   * @param known what the binary said it can do, or null if nobody asked it
   * @param openings what lets others control it
   */
  QemuMachine(
      String sandboxId,
      Process process,
      @Nullable ConsoleSocket consoleSocket,
      List<String> commandLine,
      QemuSockets sockets,
      RunAs runAs,
      @Nullable QemuCapabilities known,
      List<Choice> openings,
      ChangePlanner planner,
      MachineCopies copies,
      SharedDirectories shares) {
    this.sandboxId = sandboxId;
    this.process = process;
    this.consoleSocket = consoleSocket;
    this.commandLine = List.copyOf(commandLine);
    this.sockets = sockets;
    this.runAs = runAs;
    this.known = known;
    this.openings = List.copyOf(openings);
    this.planner = planner;
    this.copies = copies;
    this.shares = shares;
    this.stderr = new OutputTail("kata-qemu-stderr-" + sandboxId, process.getErrorStream());
    this.console =
        new OutputTail(
            "kata-qemu-console-" + sandboxId,
            consoleSocket == null ? process.getInputStream() : consoleSocket);
    this.exit = process.onExit().thenApply(ended -> new VmExit(ended.exitValue(), reason(ended)));
    if (consoleSocket != null) {
      exit.thenRun(consoleSocket::close);
    }
  }

  @Override
  public void observe(CommandObserver observer) {
    commands.tell(observer);
  }

  /** Takes the control connection; QEMU's sockets are open. */
  void attach(Duration limit) {
    if (consoleSocket != null) {
      consoleSocket.connect();
    }
    QmpClient client =
        QmpClient.connect(
            sockets.qmp(),
            QmpOptions.builder()
                .name(sandboxId)
                .connectTimeout(limit)
                .expectedPeer(process.pid())
                .observer(commands)
                .build());
    endings = client.subscribeTo(ShutdownEvent.NAME, GuestPanickedEvent.NAME);
    changes = new LiveChanges(sandboxId, client, planner);
    monitor = client;
    log.debug(
        "[{}] QEMU {} runs as process {}",
        sandboxId,
        client.version().map(Object::toString).orElse("of unknown version"),
        process.pid());
  }

  /** Whether the process is the QEMU that the binary was when it was asked what it can do. */
  boolean isAsKnown() {
    return known == null || monitor().version().filter(known::differsFrom).isEmpty();
  }

  /** How its state is saved and loaded: asked once of the binary, else of the process itself. */
  private StateTransport transport() {
    StateTransport decided = transport;
    if (decided == null) {
      decided =
          Optional.ofNullable(known)
              .filter(capabilities -> isAsKnown())
              .flatMap(QemuCapabilities::transport)
              .orElseGet(() -> StateTransport.of(monitor().schema()));
      transport = decided;
    }
    return decided;
  }

  /** Runs it when the console's connection ends by QEMU's doing, which is when QEMU ends. */
  void whenConnectionEnds(Runnable action) {
    console.onEnd(
        () -> {
          if (!closed) {
            action.run();
          }
        });
  }

  private String reason(Process ended) {
    String said = lastWords();
    String ours = ourDoing;
    if (ours != null) {
      return ours;
    }
    if (said != null) {
      return said;
    }
    int status = ended.exitValue();
    if (status == VmExit.UNKNOWN) {
      return "for a reason that only its parent process knows";
    }
    return status > 128 ? "killed by signal " + (status - 128) + " from outside" : "by itself";
  }

  /** What QEMU told about its end; all of it is read once the session has ended. */
  private @Nullable String lastWords() {
    EventQueue<QmpEvent> queue = endings;
    String said = null;
    try (queue) {
      while (queue != null) {
        QmpEvent event = queue.take(LAST_WORDS_LIMIT);
        if (event instanceof GuestPanickedEvent) {
          return "the guest panicked";
        } else if (event instanceof ShutdownEvent shutdown) {
          said = "QEMU said: " + shutdown.reason();
        }
      }
    } catch (QmpException e) {
      log.trace("[{}] no more events", sandboxId, e);
    }
    return said;
  }

  void awaitExit(Duration limit) throws InterruptedException {
    process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public AgentAddress agent() {
    return new AgentAddress.SerialPort(sockets.agent());
  }

  @Override
  public long pid() {
    return process.pid();
  }

  @Override
  public CompletableFuture<VmExit> onExit() {
    return exit.copy();
  }

  @Override
  public VmEvidence evidence() {
    boolean ended = !process.isAlive();
    if (ended) {
      try {
        stderr.join();
        console.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    return new VmEvidence(
        commandLine,
        ended ? OptionalInt.of(process.exitValue()) : OptionalInt.empty(),
        stderr.text(),
        console.text());
  }

  @Override
  public boolean isTrusted() {
    return openings.isEmpty();
  }

  @Override
  public List<Choice> openings() {
    return openings;
  }

  @Override
  public QmpClient monitor() {
    return attached(monitor);
  }

  /** The machine is handed out only once it is attached. */
  private <T> T attached(@Nullable T part) {
    return Objects.requireNonNull(part, "the machine is not attached yet");
  }

  @Override
  public ChangePlan plan(LiveChange change) {
    return MonitorFailure.translating(
        sandboxId,
        "find out whether " + change + " is possible",
        () -> attached(changes).plan(change));
  }

  @Override
  public void apply(LiveChange change, Duration timeout) {
    MonitorFailure.translating(sandboxId, "carry out " + change, () -> change(change, timeout));
  }

  /** As {@link #apply}, with the failures of the control connection as they are. */
  void change(LiveChange change, Duration timeout) {
    attached(changes).apply(change, timeout);
  }

  /** Asks for something that says nothing but whether it is done. */
  private void ask(String attempt, QmpCommand<?> command) {
    MonitorFailure.translating(sandboxId, attempt, () -> monitor().execute(command));
  }

  @Override
  public String plugDisk(Rootfs.Disk disk, Duration timeout) {
    return new DiskPlug(sandboxId, this).plug(disk, timeout);
  }

  @Override
  public String plugDirectory(DirectoryShare share, Duration timeout) {
    return shares.plug(this, share, timeout);
  }

  @Override
  public void pause() {
    ask("stop the guest's vCPUs", new Stop());
  }

  @Override
  public void resume() {
    ask("let the guest's vCPUs run", new Cont());
  }

  /** What {@link #complete} shall plug in. */
  void completeTo(VmSizes wanted, List<QemuDevice> devices) {
    copies = copies.completedTo(wanted, devices);
  }

  /** Lets QEMU load a state; whether it could shows when the guest goes on. */
  void load(VmImage image) throws InterruptedException {
    MachineState.load(monitor(), transport(), image.state(), image.memory().isPresent());
  }

  @Override
  public Optional<String> obstacleToSave() {
    return copies.obstacle(attached(changes).anyMade());
  }

  @Override
  public Duration save(Path state, boolean goesOn, Duration timeout) {
    SharedMemoryFile memory = copies.memory();
    boolean memoryIsFile = memory != null && memory.isWritten();
    Duration pause = saveAlone(state, memoryIsFile, goesOn, timeout);
    if (memory != null && memoryIsFile && !goesOn) {
      try {
        memory.close();
      } catch (IOException e) {
        throw new KataException(
            ErrorCode.HOST_UNSUITABLE,
            "cannot close " + memory.path() + " to others: " + e,
            Details.none()
                .withSandbox(sandboxId)
                .withRemedy("Check that the file's file system knows owners and modes")
                .withCause(e));
      }
    }
    return pause;
  }

  /** A machine is migrated to one place at a time. */
  private Duration saveAlone(Path state, boolean memoryIsFile, boolean goesOn, Duration timeout) {
    long begin = System.nanoTime();
    boolean alone;
    try {
      alone = saving.tryLock(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KataException(
          ErrorCode.INTERRUPTED,
          "interrupted while another save of the machine is under way",
          Details.none().withSandbox(sandboxId).withCause(e));
    }
    if (!alone) {
      throw new KataException(
          ErrorCode.TIMEOUT,
          "another save of the machine takes longer than " + timeout,
          Details.none().withSandbox(sandboxId).withRemedy("Give it more time"));
    }
    try {
      Duration left = timeout.minusNanos(System.nanoTime() - begin);
      return MonitorFailure.translating(
          sandboxId,
          "write the machine's state to " + state,
          () -> MachineState.save(monitor(), transport(), state, memoryIsFile, goesOn, left));
    } finally {
      saving.unlock();
    }
  }

  @Override
  public Map<String, String> hardware() {
    Map<String, String> hardware = new HashMap<>(copies.hardware());
    version().ifPresent(version -> hardware.put(MachineCopies.QEMU, version));
    return Map.copyOf(hardware);
  }

  /** What the process itself said when the control connection was made. */
  Optional<String> version() {
    return monitor().version().map(Object::toString);
  }

  @Override
  public PluggedHardware complete(Duration timeout) {
    return MonitorFailure.translating(
        sandboxId,
        "plug in the devices that the machine was made without",
        () -> copies.complete(this, timeout));
  }

  @Override
  public void reset() {
    ask("reset the machine", new SystemReset());
  }

  @Override
  public void powerDown() {
    ask("press the machine's power button", new SystemPowerdown());
  }

  @Override
  public String runState() {
    return MonitorFailure.translating(
        sandboxId,
        "ask what the machine is doing",
        () -> monitor().execute(new QueryStatus()).status().value());
  }

  @Override
  public void balloon(MemorySize target) {
    ask("ask the guest to keep only " + target, new Balloon(target.bytes()));
  }

  @Override
  public MemorySize balloon() {
    return MonitorFailure.translating(
        sandboxId,
        "ask how much memory the guest has",
        () -> MemorySize.bytes(monitor().execute(new QueryBalloon()).actual()));
  }

  @Override
  public void screendump(Path file) {
    ask("write the screen to " + file, new Screendump(file.toAbsolutePath().toString()));
  }

  @Override
  public void dumpMemory(Path file, Duration timeout) {
    DumpGuestMemory dump = new DumpGuestMemory(false, "file:" + file.toAbsolutePath());
    MonitorFailure.translating(
        sandboxId, "write the guest's memory to " + file, () -> monitor().execute(dump, timeout));
  }

  @Override
  public QemuStatistics statistics() {
    return MonitorFailure.translating(
        sandboxId,
        "ask what the machine has used",
        () -> MachineStatistics.of(process.toHandle(), monitor()));
  }

  @Override
  public VmEvents events() {
    return MonitorFailure.translating(
        sandboxId, "watch the machine", () -> new MachineEvents(sandboxId, monitor()));
  }

  /** The ladder: quit, SIGTERM, SIGKILL. */
  @Override
  public void stop(Duration grace) {
    if (!process.isAlive()) {
      return;
    }
    long deadline = System.nanoTime() + grace.toNanos();
    boolean interrupted = Thread.interrupted();
    try {
      if (quit(grace.dividedBy(2))
          && process.waitFor(Math.max(0, deadline - System.nanoTime()) / 2, TimeUnit.NANOSECONDS)) {
        return;
      }
      doing("terminated by us");
      process.destroy();
      if (!process.waitFor(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS)) {
        kill();
      }
    } catch (InterruptedException e) {
      interrupted = true;
      kill();
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private boolean quit(Duration limit) throws InterruptedException {
    QmpClient client = monitor;
    if (client == null || limit.isZero() || limit.isNegative()) {
      return false;
    }
    doing("ended by us");
    try {
      client.execute(new Quit(), limit);
      return true;
    } catch (QmpClosedException e) {
      // QEMU may close the session before its answer arrives.
      return true;
    } catch (QmpInterruptedException e) {
      throw interrupted(e);
    } catch (QmpException e) {
      return false;
    }
  }

  static InterruptedException interrupted(QmpInterruptedException e) {
    Thread.interrupted();
    InterruptedException interrupted = new InterruptedException(e.getMessage());
    interrupted.initCause(e);
    return interrupted;
  }

  private void doing(String what) {
    if (process.isAlive()) {
      ourDoing = what;
    }
  }

  private void kill() {
    doing("killed by us");
    process.destroyForcibly();
  }

  @Override
  public void detach() {
    if (consoleSocket == null) {
      throw new UnsupportedOperationException("this machine ends with its JVM");
    }
    closing.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      Ending end = new Ending("the attachment to the machine of sandbox " + sandboxId);
      end.step("closing the monitor", this::closeMonitor);
      end.step("closing the console", consoleSocket::close);
      end.step("reading the console", this::joinConsole);
      // Its directory tells other JVMs which user id is in use.
      end.step("releasing its user id", runAs::release);
      end.orThrow();
    } finally {
      closing.unlock();
    }
  }

  @Override
  public void close() {
    closing.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      Ending end = new Ending("the machine of sandbox " + sandboxId);
      end.step("killing QEMU", this::kill);
      end.step("waiting for its end", this::reap);
      end.step("ending the daemons of shared directories", shares::close);
      end.step("closing the monitor", this::closeMonitor);
      end.step("removing its sockets", this::removeSockets);
      end.step("releasing its user id", runAs::release);
      end.orThrow();
    } finally {
      closing.unlock();
    }
  }

  private void closeMonitor() {
    QmpClient client = monitor;
    if (client != null) {
      client.close();
    }
  }

  private void joinConsole() {
    try {
      console.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void removeSockets() {
    for (Path socket :
        List.of(
            sockets.qmp(),
            sockets.agent(),
            sockets.ready(),
            sockets.console(),
            sockets.extraMonitor())) {
      remove(socket);
    }
  }

  private void reap() {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          if (!process.waitFor(KILL_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
            log.warn(
                "[{}] QEMU, process {}, did not end after it was killed", sandboxId, process.pid());
          } else {
            stderr.join();
            console.join();
          }
          exit.get(1, TimeUnit.SECONDS);
          return;
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (java.util.concurrent.ExecutionException | TimeoutException e) {
          return;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void remove(Path socket) {
    try {
      Files.deleteIfExists(socket);
    } catch (IOException e) {
      log.warn("[{}] cannot remove {}: {}", sandboxId, socket, e.toString());
    }
  }
}
