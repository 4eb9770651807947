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
import io.katajava.qmp.QmpClient;
import io.katajava.qmp.QmpCommand;
import io.katajava.qmp.QmpOptions;
import io.katajava.qmp.command.Balloon;
import io.katajava.qmp.command.Cont;
import io.katajava.qmp.command.DumpGuestMemory;
import io.katajava.qmp.command.QueryBalloon;
import io.katajava.qmp.command.QueryStatus;
import io.katajava.qmp.command.Screendump;
import io.katajava.qmp.command.Stop;
import io.katajava.qmp.command.SystemPowerdown;
import io.katajava.qmp.command.SystemReset;
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
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One running QEMU: its process, its control connection, and what it is asked over that. */
final class QemuMachine implements QemuVm {
  private static final Logger log = LoggerFactory.getLogger(QemuMachine.class);

  private final String sandboxId;
  private final QemuProcess process;
  private final @Nullable ConsoleSocket consoleSocket;
  private final List<String> commandLine;
  private final QemuSockets sockets;
  private final RunAs runAs;
  private final @Nullable QemuCapabilities known;
  private final List<Choice> openings;
  private final ChangePlanner planner;
  private volatile MachineCopies copies;
  private final SharedDirectories shares;
  private final ReentrantLock closing = new ReentrantLock();
  private volatile @Nullable QmpClient monitor;
  private volatile @Nullable LiveChanges changes;
  private volatile @Nullable MachineState state;
  private final ObservedCommands commands = new ObservedCommands();
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
    this.process = new QemuProcess(sandboxId, process, consoleSocket);
    this.consoleSocket = consoleSocket;
    this.commandLine = List.copyOf(commandLine);
    this.sockets = sockets;
    this.runAs = runAs;
    this.known = known;
    this.openings = List.copyOf(openings);
    this.planner = planner;
    this.copies = copies;
    this.shares = shares;
    if (consoleSocket != null) {
      this.process.onExit().thenRun(consoleSocket::close);
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
    process.listenTo(client);
    changes = new LiveChanges(sandboxId, client, planner);
    state =
        new MachineState(
            sandboxId,
            client,
            Optional.ofNullable(known)
                .filter(capabilities -> isAsKnown(client))
                .flatMap(QemuCapabilities::transport));
    monitor = client;
    log.debug(
        "[{}] QEMU {} runs as process {}",
        sandboxId,
        client.version().map(Object::toString).orElse("of unknown version"),
        process.pid());
  }

  /** Whether the process is the QEMU that the binary was when it was asked what it can do. */
  boolean isAsKnown() {
    return isAsKnown(monitor());
  }

  private boolean isAsKnown(QmpClient client) {
    return known == null || client.version().filter(known::differsFrom).isEmpty();
  }

  /** Runs it when the console's connection ends by QEMU's doing, which is when QEMU ends. */
  void whenConnectionEnds(Runnable action) {
    process.whenConsoleEnds(
        () -> {
          if (!closed) {
            action.run();
          }
        });
  }

  void awaitExit(Duration limit) throws InterruptedException {
    process.awaitExit(limit);
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
    return process.onExit();
  }

  @Override
  public VmEvidence evidence() {
    return process.evidence(commandLine);
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
    attached(state).load(image.state(), image.memory().isPresent());
  }

  @Override
  public Optional<String> obstacleToSave() {
    return copies.obstacle(attached(changes).anyMade());
  }

  @Override
  public Duration save(Path file, boolean goesOn, Duration timeout) {
    SharedMemoryFile memory = copies.memory();
    boolean memoryIsFile = memory != null && memory.isWritten();
    Duration pause = attached(state).save(file, memoryIsFile, goesOn, timeout);
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
        () -> MachineStatistics.of(process.handle(), monitor()));
  }

  @Override
  public VmEvents events() {
    return MonitorFailure.translating(
        sandboxId, "watch the machine", () -> new MachineEvents(sandboxId, monitor()));
  }

  /** The ladder: quit, SIGTERM, SIGKILL. */
  @Override
  public void stop(Duration grace) {
    process.stop(monitor, grace);
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
      end.step("reading the console", process::joinConsole);
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
      end.step("killing QEMU", process::kill);
      end.step("waiting for its end", process::reap);
      end.step("ending the daemons of shared directories", shares::close);
      end.step("closing the monitor", this::closeMonitor);
      end.step("removing its sockets", sockets::remove);
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
}
