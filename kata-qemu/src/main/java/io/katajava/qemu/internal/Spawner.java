package io.katajava.qemu.internal;

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
    Thread thread = new Thread(Spawner::serve, "kata-qemu-spawner");
    thread.setDaemon(true);
    thread.start();
  }

  private Spawner() {}

  static Process spawn(ProcessBuilder builder) throws IOException, InterruptedException {
    CompletableFuture<Process> process = new CompletableFuture<>();
    REQUESTS.add(
        () -> {
          try {
            process.complete(builder.start());
          } catch (IOException | RuntimeException e) {
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
      }
    }
  }
}
