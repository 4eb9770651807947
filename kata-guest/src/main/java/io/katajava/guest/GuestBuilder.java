package io.katajava.guest;

import io.katajava.Deadline;
import io.katajava.KataException;
import io.katajava.ProgressListener;
import io.katajava.guest.internal.GuestAssembly;
import io.katajava.guest.internal.GuestRecipe;
import io.katajava.guest.internal.Host;
import io.katajava.spi.GuestAssets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Chooses a kernel and builds the initrd for it.
 *
 * <pre>{@code
 * GuestAssets guest = GuestBuilder.create()
 *     .kernel(KernelSource.files(Path.of("/srv/vmlinux")))
 *     .file("/etc/motd", Path.of("motd"), 0644)
 *     .build(cacheDirectory);
 * }</pre>
 *
 * <p>Not for use by several threads at once; what it builds is shared safely.
 */
public final class GuestBuilder {
  /** Longest build, download included, when no deadline is given: 5 minutes. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofMinutes(5);

  private final GuestRecipe.Draft draft = new GuestRecipe.Draft();
  private ProgressListener progress = ProgressListener.NONE;

  private GuestBuilder() {}

  /**
   * A builder for the default guest of the host's architecture.
   *
   * @return a new builder
   */
  public static GuestBuilder create() {
    return new GuestBuilder();
  }

  /**
   * Which architecture the guest has. Default: the host's.
   *
   * @param architecture in QEMU's spelling: {@code x86_64} or {@code aarch64}
   * @return this
   * @throws IllegalArgumentException for another one
   */
  public GuestBuilder architecture(String architecture) {
    if (!Host.ARCHITECTURES.contains(architecture)) {
      throw new IllegalArgumentException(
          "architecture is '" + architecture + "', supported are " + Host.ARCHITECTURES);
    }
    draft.architecture = architecture;
    return this;
  }

  /**
   * Where the kernel comes from; the first source that does is taken. Default: {@link
   * KernelSource#defaults()}.
   *
   * @param sources at least one
   * @return this
   * @throws IllegalArgumentException when none is given
   */
  public GuestBuilder kernel(KernelSource... sources) {
    if (sources.length == 0) {
      throw new IllegalArgumentException("kernel needs at least one source");
    }
    draft.sources = List.of(sources);
    return this;
  }

  /**
   * The program that becomes {@code /init}. Default: our agent, from the jar.
   *
   * @param binary a static ELF program
   * @return this
   */
  public GuestBuilder agent(Path binary) {
    draft.agent = Objects.requireNonNull(binary, "binary");
    return this;
  }

  /**
   * The busybox of the built-in root filesystem. Default: the host's when it is static, else
   * Debian's {@code busybox-static}.
   *
   * @param binary a static busybox; null leaves it and the root filesystem out
   * @return this
   */
  public GuestBuilder busybox(@Nullable Path binary) {
    draft.withBusybox = binary != null;
    draft.busybox = binary;
    return this;
  }

  /**
   * Puts one more kernel module, and all it needs, where the agent can load it.
   *
   * @param name the module, for example {@code nf_tables}; hyphens count as underscores
   * @return this
   */
  public GuestBuilder module(String name) {
    if (!name.matches("[A-Za-z0-9_-]+")) {
      throw new IllegalArgumentException("'" + name + "' is not the name of a kernel module");
    }
    draft.modules.add(name.replace('-', '_'));
    return this;
  }

  /**
   * Puts one more file into the initrd.
   *
   * @param guestPath an absolute path in the guest, without {@code ..}
   * @param source the file on the host
   * @param permissions its mode bits, for example {@code 0644}
   * @return this
   * @throws IllegalArgumentException for a relative path or other mode bits
   */
  public GuestBuilder file(String guestPath, Path source, int permissions) {
    draft.files.add(new GuestRecipe.ExtraFile(guestPath, source, permissions));
    return this;
  }

  /**
   * How the initrd is stored. Default: {@link InitrdCompression#NONE}.
   *
   * @param compression the compression
   * @return this
   */
  public GuestBuilder compression(InitrdCompression compression) {
    draft.compression = Objects.requireNonNull(compression, "compression");
    return this;
  }

  /**
   * Whether the vmlinux of an x86 bzImage is unpacked on the host and booted directly (PVH), which
   * saves 0.3 to 0.6 s under TCG. The guest kernel's own address randomisation (KASLR) happens in
   * the code that is skipped. Default: true.
   *
   * @param unpack whether to unpack
   * @return this
   */
  public GuestBuilder unpackKernel(boolean unpack) {
    draft.unpackKernel = unpack;
    return this;
  }

  /**
   * Asks apt again for its newest kernel and busybox instead of taking what is cached.
   *
   * @return this
   */
  public GuestBuilder refresh() {
    draft.refresh = true;
    return this;
  }

  /**
   * Reads everything cached in full and compares its SHA-256, instead of size and time only; what
   * is damaged is rebuilt.
   *
   * @return this
   */
  public GuestBuilder verify() {
    draft.verify = true;
    return this;
  }

  /**
   * Tells when a guest is built, and when that has ended. Default: nobody is told.
   *
   * @param listener hears of it
   * @return this
   */
  public GuestBuilder progress(ProgressListener listener) {
    this.progress = listener;
    return this;
  }

  /**
   * Builds, or takes from the cache, within {@link #DEFAULT_TIMEOUT}.
   *
   * @param cacheDirectory where to keep what is downloaded or built, in its {@code guest/}
   * @return the guest
   * @throws KataException as {@link #build(Path, Deadline)}
   * @throws InterruptedException when the calling thread is interrupted
   */
  public GuestAssets build(Path cacheDirectory) throws InterruptedException {
    return build(cacheDirectory, Deadline.after(DEFAULT_TIMEOUT));
  }

  /**
   * Builds, or takes from the cache.
   *
   * @param cacheDirectory where to keep what is downloaded or built, in its {@code guest/}
   * @param deadline by when it must be done
   * @return the guest
   * @throws KataException with {@link io.katajava.ErrorCode#KERNEL_NOT_FOUND} when no source has a
   *     usable kernel, {@link io.katajava.ErrorCode#GUEST_BUILD_FAILED} for everything else
   * @throws InterruptedException when the calling thread is interrupted
   */
  public GuestAssets build(Path cacheDirectory, Deadline deadline) throws InterruptedException {
    return new GuestAssembly(draft.recipe(), Host.current(), cacheDirectory, deadline, progress)
        .provide();
  }
}
