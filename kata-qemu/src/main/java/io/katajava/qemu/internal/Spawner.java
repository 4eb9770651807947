package io.katajava.qemu.internal;

import io.katajava.base.threads.OwnedThreads;
import io.katajava.internal.host.NativeText;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Spawns every QEMU of this JVM from one thread that never ends before the JVM does: the kernel
 * sends the death signal of {@code PR_SET_PDEATHSIG} when the <em>thread</em> that spawned the
 * child ends, not the process (prctl(2)).
 */
final class Spawner {
  private static final LinkedBlockingQueue<Runnable> REQUESTS = new LinkedBlockingQueue<>();

  static {
    // It has no owner that could do without it: see serve().
    OwnedThreads.start("kata-qemu-spawner", Spawner::serve, problem -> {});
  }

  private Spawner() {}

  static Process spawn(ProcessBuilder builder) throws IOException, InterruptedException {
    NativeText.require(builder);
    CompletableFuture<Process> process = new CompletableFuture<>();
    REQUESTS.add(
        () -> {
          try {
            process.complete(builder.start());
          } catch (IOException | RuntimeException | Error e) {
            process.completeExceptionally(e);
          }
        });
    try {
      return process.get();
    } catch (InterruptedException e) {
      // It may be spawned all the same; whoever asked is gone, so it must go too.
      process.thenAccept(Process::destroyForcibly);
      throw e;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException io) {
        throw io;
      }
      if (e.getCause() instanceof Error serious) {
        throw new IOException("no process could be started: " + serious, serious);
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  private static void serve() {
    while (true) {
      try {
        REQUESTS.take().run();
      } catch (InterruptedException e) {
        // Nobody may end this thread: all machines would die with it.
        Thread.interrupted();
      } catch (Throwable e) {
        // Nor may anything: whoever asked is told by its future, or was not asked for yet.
        OwnedThreads.tell("a spawn", e, problem -> {});
      }
    }
  }
}
