package io.katajava.guest;

import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.guest.internal.Host;
import io.katajava.guest.internal.KernelBuild;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * Builds the small guest kernel: Debian's {@code linux-source} with our options, everything built
 * in, for x86_64. It boots in less than half of the time of Debian's cloud kernel. Once it is in
 * the cache, {@link KernelSource#built()} finds it and guests boot it by default.
 *
 * <pre>{@code
 * KernelBuilder.create().progress(System.out::println).build(cacheDirectory);
 * }</pre>
 *
 * <p>It needs make, gcc, flex, bison, bc, xz and libelf's headers, 2 GB in the cache directory
 * while it works, and minutes of all processors, at low priority. What stays is 20 MB and the
 * source's package of 140 MB.
 */
public final class KernelBuilder {
  /** Longest build, download included, when no deadline is given: 2 hours. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofHours(2);

  private int jobs = Runtime.getRuntime().availableProcessors();
  private boolean refresh;
  private Consumer<String> progress = step -> {};

  private KernelBuilder() {}

  /**
   * A builder for the host's architecture.
   *
   * @return a new builder
   */
  public static KernelBuilder create() {
    return new KernelBuilder();
  }

  /**
   * How many compilers run at once. Default: as many as there are processors.
   *
   * @param count at least 1
   * @return this
   * @throws IllegalArgumentException for less
   */
  public KernelBuilder jobs(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("jobs is " + count + ", less than 1");
    }
    jobs = count;
    return this;
  }

  /**
   * Asks apt for its newest source instead of taking the one in the cache.
   *
   * @return this
   */
  public KernelBuilder refresh() {
    refresh = true;
    return this;
  }

  /**
   * Hears what begins, a clause such as {@code configuring Linux 6.1.192-2}, on the thread that
   * builds.
   *
   * @param listener told of every step
   * @return this
   */
  public KernelBuilder progress(Consumer<String> listener) {
    progress = Objects.requireNonNull(listener, "listener");
    return this;
  }

  /**
   * Builds within {@link #DEFAULT_TIMEOUT}, or takes what was built from the same source and
   * options.
   *
   * @param cacheDirectory where to keep it, in its {@code guest/}
   * @return the kernel, a vmlinux
   * @throws KataException as {@link #build(Path, Deadline)}
   * @throws InterruptedException when the calling thread is interrupted
   */
  public Path build(Path cacheDirectory) throws InterruptedException {
    return build(cacheDirectory, Deadline.after(DEFAULT_TIMEOUT));
  }

  /**
   * Builds, or takes what was built from the same source and options.
   *
   * @param cacheDirectory where to keep it, in its {@code guest/}
   * @param deadline by when it must be done
   * @return the kernel, a vmlinux
   * @throws KataException with {@link ErrorCode#GUEST_BUILD_FAILED} when a tool or the source is
   *     missing, the source does not know an option, or the build fails
   * @throws InterruptedException when the calling thread is interrupted
   */
  public Path build(Path cacheDirectory, Deadline deadline) throws InterruptedException {
    return new KernelBuild(Host.current(), jobs, refresh, progress).run(cacheDirectory, deadline);
  }
}
