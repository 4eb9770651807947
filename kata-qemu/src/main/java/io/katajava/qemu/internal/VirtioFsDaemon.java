package io.katajava.qemu.internal;

import io.katajava.base.threads.OwnedThreads;
import io.katajava.spi.Ending;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running {@code virtiofsd}, which ends when the machine's connection does, and with this JVM.
 */
final class VirtioFsDaemon implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(VirtioFsDaemon.class);
  private static final long END_MILLIS = 2000;
  private static final long KILL_MILLIS = 10_000;
  private static final int LINES = 20;

  /** What both daemons say once their socket can be connected to. */
  private static final String READY = "Waiting for vhost-user socket connection";

  private final Process process;
  private final Path socket;
  private final CompletableFuture<Void> ready = new CompletableFuture<>();
  private final Deque<String> said = new ArrayDeque<>();
  private final Thread reader;

  private VirtioFsDaemon(String name, Process process, Path socket) {
    this.process = process;
    this.socket = socket;
    this.reader =
        OwnedThreads.make(
            "kata-virtiofsd-" + name,
            this::read,
            problem -> keep("[its output is no longer read: " + problem + "]"));
    reader.start();
  }

  /**
   * Starts one and waits for its socket.
   *
   * @param name for its thread
   * @throws IOException when it does not start; what it said is in the message
   */
  static VirtioFsDaemon start(String name, List<String> command, Path socket, Duration timeout)
      throws IOException, InterruptedException {
    List<String> line = new ArrayList<>();
    QemuBinary.program("setpriv")
        .ifPresent(tie -> line.addAll(List.of(tie.toString(), "--pdeathsig", "KILL", "--")));
    line.addAll(command);
    ProcessBuilder builder = new ProcessBuilder(line).redirectErrorStream(true);
    builder.environment().keySet().removeIf(key -> !key.equals("PATH") && !key.equals("LANG"));
    Process process = Spawner.spawn(builder);
    VirtioFsDaemon daemon;
    try {
      daemon = new VirtioFsDaemon(name, process, socket);
    } catch (RuntimeException | Error e) {
      // There is no thread to be had, for example.
      process.destroyForcibly();
      throw e;
    }
    boolean started = false;
    try {
      daemon.process.getOutputStream().close();
      daemon.ready.get(Math.max(1, timeout.toMillis()), TimeUnit.MILLISECONDS);
      started = true;
      return daemon;
    } catch (ExecutionException e) {
      throw new IOException(command.get(0) + " ended at once: " + daemon.said(), e);
    } catch (TimeoutException e) {
      throw new IOException(
          command.get(0) + " is not ready after " + timeout.toMillis() + " ms: " + daemon.said(),
          e);
    } finally {
      if (!started) {
        daemon.close();
      }
    }
  }

  private void read() {
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        log.debug("{}: {}", reader.getName(), line);
        keep(line);
        if (line.contains(READY)) {
          ready.complete(null);
        }
      }
    } catch (IOException e) {
      log.debug("{}: {}", reader.getName(), e.toString());
    } finally {
      ready.completeExceptionally(new IOException("it ended"));
    }
  }

  private void keep(String line) {
    synchronized (said) {
      said.add(line);
      if (said.size() > LINES) {
        said.remove();
      }
    }
  }

  private String said() {
    synchronized (said) {
      return String.join("; ", said);
    }
  }

  /** Once the machine has ended, or when there will be none. */
  @Override
  public void close() {
    Ending end = new Ending("the daemon of " + socket);
    end.step("ending it", this::endProcess);
    end.step("removing its socket", () -> Files.deleteIfExists(socket));
    end.step("removing its notes", () -> VirtioFsProgram.forget(socket));
    end.orThrow();
  }

  private void endProcess() {
    boolean interrupted = false;
    try {
      if (!ready.isDone() || !process.waitFor(END_MILLIS, TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
        if (!process.waitFor(KILL_MILLIS, TimeUnit.MILLISECONDS)) {
          log.warn(
              "{}, process {}, did not end after it was killed", reader.getName(), process.pid());
        }
      }
      reader.join(END_MILLIS);
    } catch (InterruptedException e) {
      process.destroyForcibly();
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
