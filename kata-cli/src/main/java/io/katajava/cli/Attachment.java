package io.katajava.cli;

import io.katajava.ExecOutcome;
import io.katajava.Execution;
import io.katajava.base.threads.OwnedThreads;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Ties a command in the guest to this process's own stdin, stdout and stderr. */
final class Attachment {
  private static final int SIGKILL = 9;

  /** How long after its time is over a command's kill may be confirmed. */
  private static final Duration KILL_LIMIT = Duration.ofSeconds(2);

  private static final int SIGPIPE = 13;

  private static final int BUFFER = 64 << 10;

  private final Execution execution;
  private final String name;
  private final AtomicInteger lostOutput = new AtomicInteger();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

  Attachment(Execution execution, String name) {
    this.execution = execution;
    this.name = name;
  }

  /** Asked of a child, which has this process's standard input: the JVM does not tell. */
  static boolean isTerminal() throws InterruptedException, IOException {
    return StandardInput.isOurs(0)
        && new ProcessBuilder("test", "-t", "0").inheritIO().start().waitFor() == 0;
  }

  /** Copies until the command has ended and all its output is out; returns the exit code. */
  int run(@Nullable Duration timeout) throws InterruptedException {
    // A read of the terminal cannot be interrupted: this thread ends with the process.
    OwnedThreads.start("kata-stdin-" + name, this::copyInput, this::broken);
    Thread out = output("stdout", execution.stdout(), FileDescriptor.out);
    Thread err = output("stderr", execution.stderr(), FileDescriptor.err);
    int code = waitForExit(timeout);
    out.join();
    err.join();
    Throwable problem = failure.get();
    if (problem != null) {
      throw new IllegalStateException(
          "the input or output of "
              + execution.command().get(0)
              + " could not be copied: "
              + problem,
          problem);
    }
    int lost = lostOutput.get();
    return lost == 0 ? code : lost;
  }

  private int waitForExit(@Nullable Duration timeout) {
    if (timeout == null) {
      return execution.waitFor().exitCode();
    }
    Optional<ExecOutcome> outcome = execution.waitFor(timeout);
    if (outcome.isPresent()) {
      return outcome.get().exitCode();
    }
    execution.kill();
    if (execution.waitFor(KILL_LIMIT).isEmpty()) {
      // The guest does not answer; what it may still send is not waited for.
      close(execution.stdout());
      close(execution.stderr());
    }
    return new ExecOutcome.TimedOut(timeout).exitCode();
  }

  private static void close(InputStream stream) {
    try {
      stream.close();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** A copy that stopped must not pass for its end, nor leave the command waiting. */
  private void broken(Throwable problem) {
    failure.compareAndSet(null, problem);
    execution.kill();
  }

  private Thread output(String stream, InputStream from, FileDescriptor to) {
    return OwnedThreads.start(
        "kata-" + stream + "-" + name, () -> copyOutput(stream, from, to), this::broken);
  }

  private void copyOutput(String stream, InputStream from, FileDescriptor descriptor) {
    // Not closed: the descriptor belongs to the process.
    FileOutputStream to = new FileOutputStream(descriptor);
    byte[] buffer = new byte[BUFFER];
    try {
      for (int n = from.read(buffer); n >= 0; n = from.read(buffer)) {
        try {
          to.write(buffer, 0, n);
        } catch (IOException e) {
          // Nobody takes our output any more: the command gets what a local one would get.
          int number = stream.equals("stdout") ? OutputFailure.STDOUT : OutputFailure.STDERR;
          lostOutput.compareAndSet(
              0,
              OutputFailure.tell(
                  number, e, new PrintWriter(System.err, true, Charset.defaultCharset())));
          from.close();
          execution.signal(SIGPIPE);
          execution.signal(SIGKILL);
          return;
        }
      }
    } catch (IOException e) {
      if (Shutdown.isUnderWay()) {
        // The sandbox is closed under the command, by the signal that ends this process.
        return;
      }
      throw new java.io.UncheckedIOException(e);
    }
  }

  private void copyInput() {
    byte[] buffer = new byte[BUFFER];
    InputStream from = StandardInput.stream();
    try (OutputStream to = execution.stdin()) {
      for (int n = from.read(buffer); n >= 0; n = from.read(buffer)) {
        to.write(buffer, 0, n);
        to.flush();
      }
    } catch (IOException e) {
      // The command has ended or closed its input: what is left of ours is not wanted.
      return;
    }
  }
}
