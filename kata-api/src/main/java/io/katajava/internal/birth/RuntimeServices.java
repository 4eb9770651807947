package io.katajava.internal.birth;

import io.katajava.Deadline;
import io.katajava.DirectorySharing;
import io.katajava.KataDirectories;
import io.katajava.ProgressListener;
import io.katajava.SandboxSpec;
import io.katajava.internal.container.RootfsSources;
import io.katajava.internal.detached.Detachment;
import io.katajava.internal.disk.DraftNotes;
import io.katajava.internal.disk.NamedDisks;
import io.katajava.internal.ledger.Ledger;
import io.katajava.internal.ledger.LedgerDrafts;
import io.katajava.internal.ledger.SandboxIds;
import io.katajava.internal.observe.Telemetry;
import io.katajava.internal.run.StartRun;
import io.katajava.internal.run.Workers;
import io.katajava.spi.GuestAssets;
import io.katajava.spi.GuestProvider;
import io.katajava.spi.GuestRequest;
import io.katajava.spi.Hypervisor;
import io.katajava.spi.RootfsProvider;
import io.katajava.spi.VmNetwork;
import io.katajava.spi.VmSizes;
import io.katajava.spi.VmSpec;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a runtime has that every birth of a sandbox needs: providers, directories, threads. */
public final class RuntimeServices {
  private static final Logger log = LoggerFactory.getLogger(RuntimeServices.class);

  private final Hypervisor hypervisor;
  private final GuestProvider guests;
  private final List<RootfsProvider> rootfs;
  private final KataDirectories directories;
  private final ProgressListener progress;
  private final Ledger ledger;
  private final Telemetry telemetry;
  private final Duration callTimeout;
  private final Workers workers = new Workers();
  private final AtomicBoolean copyingTold = new AtomicBoolean();

  public RuntimeServices(
      Hypervisor hypervisor,
      GuestProvider guests,
      List<RootfsProvider> rootfs,
      KataDirectories directories,
      ProgressListener progress,
      Ledger ledger,
      Telemetry telemetry,
      Duration callTimeout) {
    this.hypervisor = hypervisor;
    this.guests = guests;
    this.rootfs = rootfs;
    this.directories = directories;
    this.progress = progress;
    this.ledger = ledger;
    this.telemetry = telemetry;
    this.callTimeout = callTimeout;
  }

  Hypervisor hypervisor() {
    return hypervisor;
  }

  public Ledger ledger() {
    return ledger;
  }

  public Telemetry telemetry() {
    return telemetry;
  }

  public Workers workers() {
    return workers;
  }

  public KataDirectories directories() {
    return directories;
  }

  /** The longest wait for one answer of an agent. */
  Duration callTimeout() {
    return callTimeout;
  }

  DraftNotes drafts() {
    return new LedgerDrafts(ledger);
  }

  /** The named disks. */
  public NamedDisks disks() {
    return new NamedDisks(directories.data(), drafts());
  }

  RootfsSources rootfsSources() {
    return new RootfsSources(rootfs, directories.cache(), disks(), drafts(), progress);
  }

  public StartRun newRun(Deadline deadline) {
    String id = SandboxIds.next();
    return new StartRun(id, deadline, ledger, telemetry.sandbox(id), callTimeout);
  }

  /** What the hypervisor is asked for: the specification's sizes, or else its own. */
  VmSpec vmSpec(SandboxSpec spec, String sandboxId, VmNetwork network, Deadline deadline)
      throws InterruptedException {
    GuestAssets guest =
        guests.provide(
            new GuestRequest(HostArchitecture.current(), directories.cache(), deadline, progress));
    VmSizes defaults = hypervisor.defaultSizes();
    return new VmSpec(
        sandboxId,
        new VmSizes(spec.vcpus().orElse(defaults.vcpus()), spec.memory().orElse(defaults.memory())),
        spec.life().detached() ? Detachment.guest(guest, spec.life()) : guest,
        network,
        spec.life().detached(),
        shares(spec.sharing()));
  }

  /** Told once: what was asked for is met, in the other of its two ways. */
  void tellCopying(String obstacle) {
    if (copyingTold.compareAndSet(false, true)) {
      log.warn("directories of the host are copied, because they cannot be shared: {}", obstacle);
    }
  }

  /** A start that must share has found out by now whether it can. */
  private boolean shares(DirectorySharing sharing) {
    return switch (sharing) {
      case COPY -> false;
      case VIRTIO_FS -> true;
      case VIRTIO_FS_OR_COPY -> hypervisor.obstacleToSharing().isEmpty();
    };
  }
}
