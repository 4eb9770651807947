package io.katajava.qemu.internal;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.qemu.LiveChange;
import io.katajava.qemu.VirtioFs;
import io.katajava.qemu.device.SharedDirectory;
import io.katajava.qmp.QmpClosedException;
import io.katajava.qmp.QmpException;
import io.katajava.qmp.QmpInterruptedException;
import io.katajava.qmp.QmpTimeoutException;
import io.katajava.qmp.command.QueryPci;
import io.katajava.spi.DirectoryShare;
import io.katajava.spi.Ending;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** The directories of the host that a machine sees, each behind a daemon of its own. */
final class SharedDirectories implements AutoCloseable {
  private final String sandboxId;
  private final VirtioFs options;
  private final Path stateDirectory;
  private final RunAs runAs;
  private final Map<String, VirtioFsDaemon> daemons = new ConcurrentHashMap<>();
  private volatile @Nullable VirtioFsProgram program;

  SharedDirectories(String sandboxId, VirtioFs options, Path stateDirectory, RunAs runAs) {
    this.sandboxId = sandboxId;
    this.options = options;
    this.stateDirectory = stateDirectory;
    this.runAs = runAs;
  }

  /** Why nothing can be shared on this host, if so. */
  static Optional<String> obstacle(VirtioFs options) {
    Optional<Path> path = VirtioFsProgram.find(options);
    if (path.isEmpty()) {
      return Optional.of(
          options
              .daemon()
              .map(daemon -> daemon + " is not a program")
              .orElse("there is no virtiofsd on this host"));
    }
    try {
      return VirtioFsProgram.ask(path.get()).obstacle();
    } catch (IOException e) {
      return Optional.of(path.get() + " cannot be run: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.of("interrupted while " + path.get() + " was asked");
    }
  }

  /** Starts a daemon, plugs its device, and tells where the guest finds it. */
  String plug(QemuMachine vm, DirectoryShare share, Duration timeout) {
    Path socket = stateDirectory.resolve(share.tag() + ".sock");
    boolean plugged = false;
    long begin = System.nanoTime();
    try {
      daemons.put(
          share.tag(),
          VirtioFsDaemon.start(
              sandboxId, program().command(share, socket, options), socket, timeout));
      // QEMU's user connects to it.
      runAs.own(socket);
      Duration left = timeout.minusNanos(System.nanoTime() - begin);
      vm.change(
          new LiveChange.AddDevice(
              new SharedDirectory(share.tag(), socket, share.tag(), options.queueSize())),
          left);
      Optional<String> address = PciAddress.of(share.tag(), vm.monitor().execute(new QueryPci()));
      plugged = address.isPresent();
      return address.orElseThrow(() -> new IllegalStateException("QEMU put it on no PCI bus"));
    } catch (QmpInterruptedException | QmpClosedException | QmpTimeoutException e) {
      throw MonitorFailure.of(sandboxId, "share " + share.directory() + " with the guest", e);
    } catch (IOException | QmpException | IllegalStateException | IllegalArgumentException e) {
      throw failure(share, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KataException(
          ErrorCode.INTERRUPTED,
          "interrupted while " + share.directory() + " was shared with sandbox " + sandboxId,
          Details.none().withSandbox(sandboxId).withCause(e));
    } finally {
      VirtioFsDaemon daemon = plugged ? null : daemons.remove(share.tag());
      if (daemon != null) {
        try {
          daemon.close();
        } catch (RuntimeException e) {
          // What it was ended for goes its way.
          LoggerFactory.getLogger(SharedDirectories.class)
              .warn("[{}] a daemon was not ended completely: {}", sandboxId, e.toString());
        }
      }
    }
  }

  /** Asked once for all directories. */
  private VirtioFsProgram program() throws IOException, InterruptedException {
    VirtioFsProgram known = program;
    if (known == null) {
      known =
          VirtioFsProgram.ask(
              VirtioFsProgram.find(options)
                  .orElseThrow(() -> new IOException("there is no virtiofsd on this host")));
      program = known;
    }
    return known;
  }

  private KataException failure(DirectoryShare share, Exception e) {
    return new KataException(
        ErrorCode.HOST_UNSUITABLE,
        "cannot share " + share.directory() + " with sandbox " + sandboxId + ": " + e.getMessage(),
        Details.none()
            .withSandbox(sandboxId)
            .withRemedy(
                e instanceof IllegalStateException
                    ? "Give the machine more ports with QemuConfig.pciePorts(...)"
                    : "Copy the directory instead: DirectorySharing.COPY")
            .withCause(e));
  }

  /** After the machine has ended. */
  @Override
  public void close() {
    Ending end = new Ending("the shared directories of sandbox " + sandboxId);
    daemons.forEach((tag, daemon) -> end.step("ending the daemon of " + tag, daemon::close));
    daemons.clear();
    end.orThrow();
  }
}
