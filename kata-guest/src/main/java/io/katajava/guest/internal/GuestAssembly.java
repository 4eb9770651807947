package io.katajava.guest.internal;

import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.ProgressEvent;
import io.katajava.ProgressListener;
import io.katajava.base.files.HeldFile;
import io.katajava.guest.KernelSource;
import io.katajava.spi.GuestAssets;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One request for a guest: the first kernel that does, its initrd, from the cache or made. */
public final class GuestAssembly {
  private static final Logger log = LoggerFactory.getLogger(GuestAssembly.class);
  private static final String CACHE_REMEDY =
      "A cache that cannot be written is only read, and this guest is not in it: build it with"
          + " 'kata guest build' as a user who may write there, or name another cache directory";

  private static final String KERNEL_REMEDY =
      "Name a kernel with GuestBuilder.kernel(KernelSource.files(...))";

  private final GuestRecipe recipe;
  private final Host host;
  private final Path cacheDirectory;
  private final Deadline deadline;
  private final ProgressListener progress;

  /**
   * Prepares; nothing is touched yet.
   *
   * @param recipe what is wanted
   * @param host where to look
   * @param cacheDirectory where to keep things
   * @param deadline by when it must be done
   * @param progress hears of a build
   */
  public GuestAssembly(
      GuestRecipe recipe,
      Host host,
      Path cacheDirectory,
      Deadline deadline,
      ProgressListener progress) {
    this.recipe = recipe;
    this.host = host;
    this.cacheDirectory = cacheDirectory;
    this.deadline = deadline;
    this.progress = progress;
  }

  /**
   * Does it.
   *
   * @return the guest
   * @throws KataException as {@link io.katajava.guest.GuestBuilder#build(Path, Deadline)}
   * @throws InterruptedException when the calling thread is interrupted
   */
  public GuestAssets provide() throws InterruptedException {
    try {
      return new Attempt(CacheDirectory.open(cacheDirectory)).provide();
    } catch (Unusable e) {
      throw failed(e.getMessage(), e.remedy(), null);
    } catch (CacheNotWritable e) {
      throw failed(e.getMessage(), CACHE_REMEDY, e);
    } catch (ClosedByInterruptException | InterruptedIOException e) {
      Thread.interrupted();
      InterruptedException interrupted = new InterruptedException("while building the guest");
      interrupted.initCause(e);
      throw interrupted;
    } catch (IOException | IllegalArgumentException e) {
      throw failed(e.getMessage() == null ? e.toString() : e.getMessage(), "", e);
    }
  }

  private KataException failed(@Nullable String reason, String remedy, @Nullable Throwable cause) {
    KataException.Details details = KataException.Details.none();
    if (!remedy.isEmpty()) {
      details = details.withRemedy(remedy);
    }
    if (cause != null) {
      details = details.withCause(cause);
    }
    return new KataException(
        ErrorCode.GUEST_BUILD_FAILED,
        "The guest for " + recipe.architecture() + " could not be built: " + reason,
        details);
  }

  /** The state of one call. */
  private final class Attempt {
    private final CacheDirectory cache;
    private final GuestCache guests;
    private final AptPackages packages;
    private final KernelFinder kernels;
    private final Busybox busyboxes;
    private final AgentBinary agent = new AgentBinary(recipe.agent(), recipe.architecture());
    private final List<String> rejected = new ArrayList<>();
    private String remedy = "";

    Attempt(CacheDirectory cache) {
      this.cache = cache;
      guests = new GuestCache(cache);
      packages = new AptPackages(cache, host.searchPath(), recipe.refresh(), deadline);
      kernels =
          new KernelFinder(recipe, host, packages, new BuiltKernels(recipe.architecture(), cache));
      busyboxes = new Busybox(recipe, host, packages);
    }

    GuestAssets provide() throws Unusable, IOException, InterruptedException {
      String agentIdentity = agent.identity();
      Optional<Busybox.Found> busybox =
          recipe.withBusybox() ? Optional.of(busyboxes.find()) : Optional.empty();
      @Nullable IOException failure = null;
      for (KernelSource source : recipe.sources()) {
        try {
          return assets(guest(source, agentIdentity, busybox));
        } catch (Unusable e) {
          rejected.add(KernelFinder.label(source) + ": " + e.getMessage());
          if (remedy.isEmpty()) {
            remedy = e.remedy();
          }
        } catch (ClosedByInterruptException | InterruptedIOException e) {
          throw e;
        } catch (IOException e) {
          // Another kernel may do, or be in the cache with its guest.
          rejected.add(
              KernelFinder.label(source) + ": " + (e.getMessage() == null ? e : e.getMessage()));
          failure = failure == null || e instanceof CacheNotWritable ? e : failure;
        }
      }
      if (failure != null) {
        throw failed(
            String.join("; ", rejected),
            failure instanceof CacheNotWritable ? CACHE_REMEDY : remedy,
            failure);
      }
      throw new KataException(
          ErrorCode.KERNEL_NOT_FOUND,
          "There is no usable guest kernel for "
              + recipe.architecture()
              + "; "
              + String.join("; ", rejected),
          KataException.Details.none().withRemedy(remedy.isEmpty() ? KERNEL_REMEDY : remedy));
    }

    private GuestCache.Guest guest(
        KernelSource source, String agentIdentity, Optional<Busybox.Found> busybox)
        throws Unusable, IOException, InterruptedException {
      KernelFinder.Found kernel = kernels.find(source);
      String fingerprint = fingerprint(kernel, agentIdentity, busybox);
      Optional<GuestCache.Guest> cached = guests.find(fingerprint, recipe.verify());
      if (cached.isPresent()) {
        return cached.get();
      }
      HeldFile lock = cache.lock("build", deadline);
      try {
        cached = guests.find(fingerprint, recipe.verify());
        if (cached.isPresent()) {
          return cached.get();
        }
        KernelFinder.Found whole = whole(source, kernel);
        return make(whole, fingerprint(whole, agentIdentity, busybox), busybox);
      } finally {
        lock.close();
      }
    }

    /** What apt's checksum vouched for and was changed in the cache is downloaded again. */
    private KernelFinder.Found whole(KernelSource source, KernelFinder.Found kernel)
        throws Unusable, IOException, InterruptedException {
      Optional<String> damage = kernels.damage(source, kernel);
      if (damage.isEmpty()) {
        return kernel;
      }
      log.warn("The kernel in the cache is damaged and is downloaded again: {}", damage.get());
      kernels.discardPackaged();
      return kernels.find(source);
    }

    private GuestCache.Guest make(
        KernelFinder.Found kernel, String fingerprint, Optional<Busybox.Found> busybox)
        throws Unusable, IOException, InterruptedException {
      try {
        tell(kernel, 0, false);
        GuestCache.Guest guest =
            new GuestMaker(recipe, cache, agent, busyboxes, deadline)
                .make(kernel, busybox, rejected);
        guests.store(fingerprint, guest);
        guests.evict();
        return guest;
      } finally {
        tell(kernel, 1, true);
      }
    }

    private void tell(KernelFinder.Found kernel, long done, boolean ended) {
      progress.progress(
          new ProgressEvent(
              ProgressEvent.Activity.GUEST_BUILD,
              "guest of " + kernel.image(),
              done,
              OptionalLong.of(1),
              ended));
    }

    /** Over everything that shapes the guest, by path, size and time: no content is read. */
    private String fingerprint(
        KernelFinder.Found kernel, String agentIdentity, Optional<Busybox.Found> busybox)
        throws IOException {
      List<String> parts = new ArrayList<>();
      parts.add(InitrdLayout.VERSION);
      parts.add(recipe.architecture());
      parts.add(recipe.compression().name());
      parts.add("unpack " + recipe.unpackKernel());
      parts.add(stamped(kernel.image()));
      if (kernel.modules().isPresent()) {
        Path modules = kernel.modules().get();
        parts.add(stamped(modules));
        Path dep = modules.resolve("modules.dep");
        parts.add(Files.exists(dep) ? stamped(dep) : "no modules.dep");
      }
      parts.add(agentIdentity);
      if (busybox.isPresent()) {
        parts.add(stamped(busybox.get().binary()));
      }
      parts.addAll(recipe.modules());
      for (GuestRecipe.ExtraFile file : recipe.files()) {
        parts.add(file.archivePath() + " " + file.permissions() + " " + stamped(file.source()));
      }
      return Digests.of(String.join("\n", parts)).substring(0, 24);
    }

    private String stamped(Path file) throws IOException {
      return file.toAbsolutePath() + " " + Digests.stamp(file);
    }

    private GuestAssets assets(GuestCache.Guest guest) {
      List<String> parameters = GuestMaker.parameters(recipe.architecture());
      return new GuestAssets(
          guest.kernel(),
          Optional.of(guest.initrd()),
          parameters,
          GuestAssets.DEFAULT_AGENT_PORT,
          recipe.withBusybox() ? Map.of("busybox", InitrdLayout.BUSYBOX_ROOTFS) : Map.of(),
          PauseProgram.forArchitecture(recipe.architecture()).map(program -> PauseProgram.PATH),
          guest.modules(),
          Digests.of(guest.kernelSha256() + guest.initrdSha256() + parameters).substring(0, 32),
          guest.choices());
    }
  }
}
