package io.katajava.guest.internal;

import static io.katajava.HostFinding.failed;
import static io.katajava.HostFinding.passed;
import static io.katajava.HostFinding.skipped;
import static io.katajava.HostFinding.warned;

import io.katajava.Deadline;
import io.katajava.HostFact;
import io.katajava.HostFinding;
import io.katajava.base.files.TreeRemoval;
import io.katajava.guest.KernelSource;
import io.katajava.guest.StoredGuest;
import io.katajava.spi.HostView;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What the host check says about the guest. */
public final class GuestChecks {
  static final String GROUP = "guest";
  private static final Duration TOOL_LIMIT = Duration.ofSeconds(10);
  private static final String BUSYBOX = "busybox-static";

  private final HostView view;
  private final Host host;
  private final AptPackages packages;
  private final KernelFinder kernels;
  private final List<String> downloads = new ArrayList<>();

  /**
   * Prepares; nothing is looked at yet.
   *
   * @param view the host
   */
  public GuestChecks(HostView view) {
    this.view = view;
    this.host =
        new Host(
            view.root(),
            view.environment().getOrDefault("PATH", ""),
            view.architecture(),
            view.kernelRelease());
    CacheDirectory cache = CacheDirectory.at(view.directories().cache());
    this.packages = new AptPackages(cache, host.searchPath(), false, Deadline.after(TOOL_LIMIT));
    GuestRecipe.Draft draft = new GuestRecipe.Draft();
    draft.architecture = view.architecture();
    this.kernels =
        new KernelFinder(
            draft.recipe(), host, packages, new BuiltKernels(view.architecture(), cache));
  }

  /**
   * Looks.
   *
   * @return the findings
   * @throws InterruptedException when the calling thread is interrupted
   */
  public List<HostFinding> run() throws InterruptedException {
    if (!Host.ARCHITECTURES.contains(view.architecture())) {
      return List.of(
          failed(
              GROUP,
              "architecture",
              "no guest can be built for " + view.architecture(),
              "Give the guest with Kata.builder().guest(GuestAssets.of(...))"));
    }
    return List.of(agent(), kernel(), busybox(), cached(), download());
  }

  /**
   * The guest's part of the environment report, with the names of Kata's own.
   *
   * @return the facts
   */
  public List<HostFact> facts() {
    Optional<StoredGuest> last = Optional.empty();
    try {
      last = new GuestShelf(view.directories().cache()).list().stream().findFirst();
    } catch (IOException e) {
      // The check says so; here the values are unknown.
      last = Optional.empty();
    }
    return List.of(
        new HostFact(
            "Kernel",
            "Path",
            last.map(StoredGuest::kernel).map(Path::toString).orElse(HostFact.UNKNOWN)),
        new HostFact(
            "Kernel", "Parameters", String.join(" ", GuestMaker.parameters(view.architecture()))),
        new HostFact("Image", "Path", ""),
        new HostFact(
            "Initrd",
            "Path",
            last.map(StoredGuest::initrd).map(Path::toString).orElse(HostFact.UNKNOWN)),
        new HostFact("Agent", "Debug", false),
        new HostFact("Agent", "Trace", false));
  }

  private HostFinding agent() {
    try {
      String identity = new AgentBinary(Optional.empty(), view.architecture()).identity();
      return passed(
          GROUP,
          "agent",
          "the agent of the jar, SHA-256 "
              + identity.substring(0, Math.min(12, identity.length())));
    } catch (Unusable | IOException e) {
      return failed(
          GROUP,
          "agent",
          String.valueOf(e.getMessage()),
          e instanceof Unusable unusable && !unusable.remedy().isEmpty()
              ? unusable.remedy()
              : "Build kata-guest again");
    }
  }

  /** The first source that would do, in the order of {@link KernelSource#defaults()}. */
  private HostFinding kernel() throws InterruptedException {
    List<String> rejected = new ArrayList<>();
    for (KernelSource source : KernelSource.defaults()) {
      String label = KernelFinder.label(source);
      try {
        if (source instanceof KernelSource.Debian) {
          Optional<HostFinding> found = packaged(label);
          if (found.isPresent()) {
            return found.get();
          }
          rejected.add(label + ": apt does not have " + String.join(" or ", kernelPackages()));
        } else {
          KernelFinder.Found found = kernels.find(source);
          return passed(GROUP, "kernel", found.image() + ", " + found.source());
        }
      } catch (Unusable | IOException e) {
        rejected.add(label + ": " + e.getMessage());
      }
    }
    return failed(
        GROUP,
        "kernel",
        "there is no usable kernel: " + String.join("; ", rejected),
        "On Debian run 'apt-get update' as root; elsewhere install Kata's release in /opt/kata, or"
            + " give a kernel with GuestBuilder.kernel(...)");
  }

  private List<String> kernelPackages() {
    return KernelFinder.packages(view.architecture(), view.architecture());
  }

  private Optional<HostFinding> packaged(String label) throws IOException, InterruptedException {
    for (String name : kernelPackages()) {
      Optional<AptPackages.Unpacked> cached = packages.cached(name);
      if (cached.isPresent()) {
        return Optional.of(
            passed(
                GROUP,
                "kernel",
                label
                    + " "
                    + cached.get().name()
                    + " "
                    + cached.get().version()
                    + ", in the cache"));
      }
    }
    for (String name : kernelPackages()) {
      if (aptKnows(name)) {
        downloads.add(name);
        return Optional.of(
            passed(
                GROUP, "kernel", label + " (" + name + "), to be downloaded at the first start"));
      }
    }
    return Optional.empty();
  }

  private HostFinding busybox() throws InterruptedException {
    List<String> rejected = new ArrayList<>();
    for (String place : List.of("/bin/busybox", "/usr/bin/busybox")) {
      try {
        StaticBinary.require(host.path(place), view.architecture());
        return passed(GROUP, "busybox", place + " is static");
      } catch (Unusable | IOException e) {
        rejected.add(String.valueOf(e.getMessage()));
      }
    }
    try {
      Optional<AptPackages.Unpacked> cached = packages.cached(BUSYBOX);
      if (cached.isPresent()) {
        return passed(
            GROUP,
            "busybox",
            cached.get().name() + " " + cached.get().version() + ", in the cache");
      }
      if (aptKnows(BUSYBOX)) {
        downloads.add(BUSYBOX);
        return passed(GROUP, "busybox", BUSYBOX + ", to be downloaded at the first start");
      }
    } catch (IOException e) {
      rejected.add(String.valueOf(e.getMessage()));
    }
    return failed(
        GROUP,
        "busybox",
        "there is no static busybox: " + String.join("; ", rejected),
        "Install the package busybox-static");
  }

  private HostFinding cached() {
    try {
      List<StoredGuest> guests = new GuestShelf(view.directories().cache()).list();
      return passed(
          GROUP,
          "cache",
          guests.isEmpty()
              ? "nothing is built yet: the first start takes some seconds more"
              : guests.size()
                  + " built, the last one for kernel "
                  + guests.get(0).chosen("kernel"));
    } catch (IOException e) {
      return warned(
          GROUP,
          "cache",
          "the cache cannot be read: " + e.getMessage(),
          "Check that this user may read " + view.directories().cache());
    }
  }

  /** Only what is still to be downloaded is looked for, and only when the network may be used. */
  private HostFinding download() throws InterruptedException {
    if (downloads.isEmpty()) {
      return skipped(GROUP, "download", "nothing has to be downloaded");
    }
    if (!view.network()) {
      return skipped(GROUP, "download", "this check needs --network-checks");
    }
    return new DownloadCheck(host.searchPath(), TOOL_LIMIT).run(downloads.get(0));
  }

  private boolean aptKnows(String name) throws IOException, InterruptedException {
    Optional<Path> tool = view.program("apt-cache");
    if (tool.isEmpty() || !view.isReal()) {
      return tool.isPresent();
    }
    Path work = Files.createTempDirectory("kata-apt");
    try {
      Command.Result shown =
          Command.run(
              work,
              Deadline.after(TOOL_LIMIT),
              List.of(tool.get().toString(), "show", "--no-all-versions", name));
      return shown.exit() == 0 && shown.output().contains("SHA256:");
    } finally {
      TreeRemoval.of(work);
    }
  }
}
