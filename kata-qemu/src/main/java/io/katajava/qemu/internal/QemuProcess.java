package io.katajava.qemu.internal;

import io.katajava.qmp.EventQueue;
import io.katajava.qmp.QmpClient;
import io.katajava.qmp.QmpClosedException;
import io.katajava.qmp.QmpEvent;
import io.katajava.qmp.QmpException;
import io.katajava.qmp.QmpInterruptedException;
import io.katajava.qmp.command.Quit;
import io.katajava.qmp.event.GuestPanickedEvent;
import io.katajava.qmp.event.ShutdownEvent;
import io.katajava.spi.VmEvidence;
import io.katajava.spi.VmExit;
import java.io.InputStream;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The process of a QEMU: what it prints, how it is ended, and why it has ended. */
final class QemuProcess {
  private static final Logger log = LoggerFactory.getLogger(QemuProcess.class);
  private static final Duration KILL_LIMIT = Duration.ofSeconds(10);
  private static final Duration LAST_WORDS_LIMIT = Duration.ofMillis(500);

  private final String sandboxId;
  private final Process process;
  private final OutputTail stderr;
  private final OutputTail console;
  private final CompletableFuture<VmExit> exit;
  private volatile @Nullable EventQueue<QmpEvent> endings;
  private volatile @Nullable String ourDoing;

  /**
   * Reads its output from now on.
   *
   * @param consoleSocket the console of a machine that can be let go; else it is on its output
   */
  QemuProcess(String sandboxId, Process process, @Nullable InputStream consoleSocket) {
    this.sandboxId = sandboxId;
    this.process = process;
    this.stderr = new OutputTail("kata-qemu-stderr-" + sandboxId, process.getErrorStream());
    this.console =
        new OutputTail(
            "kata-qemu-console-" + sandboxId,
            consoleSocket == null ? process.getInputStream() : consoleSocket);
    this.exit = process.onExit().thenApply(ended -> new VmExit(ended.exitValue(), reason(ended)));
  }

  /** Listens for what QEMU tells about its end. */
  void listenTo(QmpClient client) {
    endings = client.subscribeTo(ShutdownEvent.NAME, GuestPanickedEvent.NAME);
  }

  ProcessHandle handle() {
    return process.toHandle();
  }

  long pid() {
    return process.pid();
  }

  CompletableFuture<VmExit> onExit() {
    return exit.copy();
  }

  /** Runs it when its console has ended. */
  void whenConsoleEnds(Runnable action) {
    console.onEnd(action);
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

  VmEvidence evidence(List<String> commandLine) {
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

  /**
   * Ends it by the ladder: quit, SIGTERM, SIGKILL.
   *
   * @param monitor its control connection; null if there is none yet
   */
  void stop(@Nullable QmpClient monitor, Duration grace) {
    if (!process.isAlive()) {
      return;
    }
    long deadline = System.nanoTime() + grace.toNanos();
    boolean interrupted = Thread.interrupted();
    try {
      if (quit(monitor, grace.dividedBy(2))
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

  private boolean quit(@Nullable QmpClient monitor, Duration limit) throws InterruptedException {
    if (monitor == null || limit.isZero() || limit.isNegative()) {
      return false;
    }
    doing("ended by us");
    try {
      monitor.execute(new Quit(), limit);
      return true;
    } catch (QmpClosedException e) {
      // QEMU may close the session before its answer arrives.
      return true;
    } catch (QmpInterruptedException e) {
      throw MonitorFailure.interrupted(e);
    } catch (QmpException e) {
      return false;
    }
  }

  private void doing(String what) {
    if (process.isAlive()) {
      ourDoing = what;
    }
  }

  void kill() {
    doing("killed by us");
    process.destroyForcibly();
  }

  void joinConsole() {
    try {
      console.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Waits for the end of one that was killed, and of its output. */
  void reap() {
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
        } catch (ExecutionException | TimeoutException e) {
          return;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
