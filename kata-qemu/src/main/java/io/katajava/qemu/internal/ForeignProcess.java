package io.katajava.qemu.internal;

import io.katajava.base.threads.OwnedThreads;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A process that another JVM started: no stream of it is ours and its exit status is not for us.
 * Its end is looked for when something that ended with it says so, see {@link #endIsNear()}; a
 * zombie, which nobody may ever reap, has ended.
 */
final class ForeignProcess extends Process {
  private static final long POLL_MILLIS = 5;
  private static final long LONGEST_POLL_MILLIS = 1000;

  private final ProcessHandle handle;
  private final long startTicks;
  private final CompletableFuture<Process> ended = new CompletableFuture<>();

  private ForeignProcess(ProcessHandle handle, long startTicks) {
    this.handle = handle;
    this.startTicks = startTicks;
  }

  /** The process with that id as it is now. */
  static ForeignProcess of(long pid) throws IOException {
    ProcessHandle handle =
        ProcessHandle.of(pid).orElseThrow(() -> new IOException("there is no process " + pid));
    long ticks = startTicks(pid);
    if (ticks < 0) {
      throw new IOException("process " + pid + " has ended");
    }
    return new ForeignProcess(handle, ticks);
  }

  /** Field 22 of /proc/PID/stat; negative when it has ended. */
  private static long startTicks(long pid) {
    try {
      String stat =
          Files.readString(Path.of("/proc/" + pid + "/stat"), StandardCharsets.ISO_8859_1);
      // Field 2 is the name in parentheses and may itself contain spaces and parentheses.
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      return fields[0].equals("Z") || fields[0].equals("X") ? -1 : Long.parseLong(fields[19]);
    } catch (IOException | RuntimeException e) {
      return -1;
    }
  }

  /** A connection to it broke: it is ending, or has. Waits for that on a thread of its own. */
  void endIsNear() {
    OwnedThreads.start(
        "kata-qemu-end-" + handle.pid(),
        this::awaitEnd,
        // Somebody waits for this end: another thread looks on.
        problem -> Alarm.after(Duration.ofMillis(LONGEST_POLL_MILLIS), this::endIsNear));
  }

  private void awaitEnd() {
    try {
      long pause = POLL_MILLIS;
      while (isAlive()) {
        Thread.sleep(pause);
        pause = Math.min(2 * pause, LONGEST_POLL_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public boolean isAlive() {
    if (ended.isDone()) {
      return false;
    }
    if (startTicks(handle.pid()) == startTicks) {
      return true;
    }
    ended.complete(this);
    return false;
  }

  @Override
  public long pid() {
    return handle.pid();
  }

  @Override
  public ProcessHandle toHandle() {
    return handle;
  }

  @Override
  public CompletableFuture<Process> onExit() {
    return ended.copy();
  }

  @Override
  public int exitValue() {
    if (isAlive()) {
      throw new IllegalThreadStateException("process " + pid() + " has not ended");
    }
    return io.katajava.spi.VmExit.UNKNOWN;
  }

  @Override
  public int waitFor() throws InterruptedException {
    while (!waitFor(1, TimeUnit.DAYS)) {
      Thread.onSpinWait();
    }
    return exitValue();
  }

  @Override
  public boolean waitFor(long timeout, TimeUnit unit) throws InterruptedException {
    long deadline = System.nanoTime() + unit.toNanos(timeout);
    while (isAlive()) {
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        return false;
      }
      TimeUnit.NANOSECONDS.sleep(Math.min(left, TimeUnit.MILLISECONDS.toNanos(POLL_MILLIS)));
    }
    return true;
  }

  /** Handles are told apart by start time, too: another process of that number is not touched. */
  @Override
  public void destroy() {
    if (isAlive() && !handle.destroy()) {
      isAlive();
    }
  }

  @Override
  public Process destroyForcibly() {
    if (isAlive() && !handle.destroyForcibly()) {
      isAlive();
    }
    return this;
  }

  @Override
  public OutputStream getOutputStream() {
    return OutputStream.nullOutputStream();
  }

  @Override
  public InputStream getInputStream() {
    return InputStream.nullInputStream();
  }

  @Override
  public InputStream getErrorStream() {
    return InputStream.nullInputStream();
  }
}
