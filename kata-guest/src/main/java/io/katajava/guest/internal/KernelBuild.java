package io.katajava.guest.internal;

import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One request for the small kernel.
 *
 * @param host where to build
 * @param jobs how many compilers at once
 * @param refresh whether to ask apt again
 * @param progress told what begins
 */
public record KernelBuild(Host host, int jobs, boolean refresh, Consumer<String> progress) {

  /**
   * Does it.
   *
   * @param cacheDirectory where to keep things
   * @param deadline by when it must be done
   * @return the vmlinux
   * @throws KataException as {@link io.katajava.guest.KernelBuilder#build(Path, Deadline)}
   * @throws InterruptedException when the calling thread is interrupted
   */
  public Path run(Path cacheDirectory, Deadline deadline) throws InterruptedException {
    try {
      CacheDirectory cache = CacheDirectory.open(cacheDirectory);
      AptPackages packages = new AptPackages(cache, host.searchPath(), refresh, deadline);
      return new BuiltKernels(host.architecture(), cache)
          .build(new KernelSources(host, packages, deadline), jobs, deadline, progress)
          .image();
    } catch (Unusable e) {
      throw failed(String.valueOf(e.getMessage()), e.remedy(), null);
    } catch (ClosedByInterruptException | InterruptedIOException e) {
      Thread.interrupted();
      InterruptedException interrupted = new InterruptedException("while building the kernel");
      interrupted.initCause(e);
      throw interrupted;
    } catch (IOException e) {
      throw failed(String.valueOf(e.getMessage()), "", e);
    }
  }

  private KataException failed(String reason, String remedy, @Nullable Throwable cause) {
    KataException.Details details = KataException.Details.none();
    if (!remedy.isEmpty()) {
      details = details.withRemedy(remedy);
    }
    if (cause != null) {
      details = details.withCause(cause);
    }
    return new KataException(
        ErrorCode.GUEST_BUILD_FAILED,
        "The small kernel for " + host.architecture() + " could not be built: " + reason,
        details);
  }
}
