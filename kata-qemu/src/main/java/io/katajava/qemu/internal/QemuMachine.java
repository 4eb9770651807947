package io.katajava.qemu.internal;

import io.katajava.agent.AgentAddress;
import io.katajava.agent.transport.Connection;
import io.katajava.spi.VirtualMachine;
import io.katajava.spi.VmEvidence;
import io.katajava.spi.VmExit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One running QEMU: its process, control connection, output, and its end. */
final class QemuMachine implements VirtualMachine {
  private static final Logger log = LoggerFactory.getLogger(QemuMachine.class);
  private static final Duration KILL_LIMIT = Duration.ofSeconds(10);

  private final String sandboxId;
  private final Process process;
  private final List<String> commandLine;
  private final QemuSockets sockets;
  private final RunAs runAs;
  private final boolean untrusted;
  private final OutputTail stderr;
  private final OutputTail console;
  private final CompletableFuture<VmExit> exit;
  private final ReentrantLock closing = new ReentrantLock();
  private volatile @Nullable Monitor monitor;
  private volatile @Nullable String ourDoing;
  private boolean closed;

  QemuMachine(
      String sandboxId,
      Process process,
      List<String> commandLine,
      QemuSockets sockets,
      RunAs runAs,
      boolean untrusted) {
    this.sandboxId = sandboxId;
    this.process = process;
    this.commandLine = List.copyOf(commandLine);
    this.sockets = sockets;
    this.runAs = runAs;
    this.untrusted = untrusted;
    this.stderr = new OutputTail("kata-qemu-stderr-" + sandboxId, process.getErrorStream());
    this.console = new OutputTail("kata-qemu-console-" + sandboxId, process.getInputStream());
    this.exit = process.onExit().thenApply(ended -> new VmExit(ended.exitValue(), reason(ended)));
  }

  void attach(Connection connection, Duration limit)
      throws IOException, InterruptedException, TimeoutException {
    Monitor attached = new Monitor(sandboxId, connection);
    monitor = attached;
    String version = attached.negotiate(limit);
    log.debug("[{}] QEMU {} runs as process {}", sandboxId, version, process.pid());
  }

  private String reason(Process ended) {
    String ours = ourDoing;
    if (ours != null) {
      return ours;
    }
    Monitor connection = monitor;
    String said = connection == null ? null : connection.shutdownReason();
    if (said != null) {
      return "QEMU said: " + said;
    }
    int status = ended.exitValue();
    return status > 128 ? "killed by signal " + (status - 128) + " from outside" : "by itself";
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
    return !untrusted;
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
    Monitor connection = monitor;
    if (connection == null || limit.isZero()) {
      return false;
    }
    doing("ended by us");
    try {
      connection.execute("quit", limit);
      return true;
    } catch (IOException e) {
      // QEMU may close the connection before its answer arrives.
      return true;
    } catch (TimeoutException e) {
      return false;
    }
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
  public void close() {
    closing.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      kill();
      reap();
      Monitor connection = monitor;
      if (connection != null) {
        connection.close();
      }
      for (Path socket : List.of(sockets.qmp(), sockets.agent(), sockets.extraMonitor())) {
        remove(socket);
      }
      runAs.release();
    } finally {
      closing.unlock();
    }
  }

  private void reap() {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          if (!process.waitFor(KILL_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
            log.warn("[{}] QEMU, process {}, does not die", sandboxId, process.pid());
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
