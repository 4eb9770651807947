package io.katajava.internal.birth;

import io.katajava.Birth;
import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.SandboxRecord;
import io.katajava.internal.cards.SandboxConnections;
import io.katajava.internal.detached.DetachedFiles;
import io.katajava.internal.detached.DetachedRecord;
import io.katajava.internal.detached.Detachment;
import io.katajava.internal.ledger.Ledger;
import io.katajava.internal.ledger.LedgerEntry;
import io.katajava.internal.ledger.LedgerView;
import io.katajava.internal.ledger.ProcessIdentity;
import io.katajava.internal.ledger.SandboxProcesses;
import io.katajava.internal.link.AgentLink;
import io.katajava.internal.observe.LogContext;
import io.katajava.internal.observe.SandboxWatch;
import io.katajava.internal.run.StartRun;
import io.katajava.internal.sandbox.VmSandbox;
import io.katajava.spi.Ending;
import io.katajava.spi.VirtualMachine;
import io.katajava.spi.VmNetwork;
import io.katajava.spi.VmSpec;
import java.io.IOException;
import java.time.Duration;

/** The way to a detached sandbox: found, locked, proven, taken over. */
public final class Attach {
  private static final Duration LIMIT = Duration.ofMinutes(1);

  private final SandboxMaker maker;
  private final RuntimeServices services;
  private final Ledger ledger;

  public Attach(SandboxMaker maker) {
    this.maker = maker;
    this.services = maker.services();
    this.ledger = services.ledger();
  }

  @SuppressWarnings("try") // The context is held, not used.
  public VmSandbox run(String wanted) {
    SandboxRecord found =
        new LedgerView(ledger.state())
            .find(wanted)
            .orElseThrow(() -> missing(wanted, "there is no sandbox '" + wanted + "'"));
    String id = found.id();
    if (!found.detached()) {
      throw new KataException(
          ErrorCode.INVALID_STATE,
          "sandbox " + id + " is not detached: it ends with process " + found.owner().pid(),
          Details.none().withSandbox(id).withRemedy("Start it with detached()"));
    }
    DetachedFiles files = DetachedFiles.of(ledger, id);
    DetachedFiles.Hold hold =
        files.hold(found.owner().alive() ? "process " + found.owner().pid() : "another process");
    SandboxWatch watch = services.telemetry().sandbox(id);
    SandboxBirth birth = SandboxBirth.begin(watch, "attach", false, failure -> hold.close());
    try (LogContext context = LogContext.of(id)) {
      VmSandbox sandbox = take(id, files, hold, watch);
      birth.succeeded(null);
      return sandbox;
    } catch (InterruptedException e) {
      birth.failed(e);
      Thread.currentThread().interrupt();
      throw new KataException(
          ErrorCode.INTERRUPTED,
          "interrupted while attaching to sandbox " + id,
          Details.none().withSandbox(id).withCause(e));
    } catch (IOException e) {
      birth.failed(e);
      throw new KataException(
          ErrorCode.HOST_UNSUITABLE,
          "cannot read the record of sandbox " + id + ": " + e.getMessage(),
          Details.none().withSandbox(id).withCause(e));
    } catch (RuntimeException | Error e) {
      birth.failed(e);
      throw e;
    }
  }

  private VmSandbox take(
      String id, DetachedFiles files, DetachedFiles.Hold hold, SandboxWatch watch)
      throws IOException, InterruptedException {
    // Read again: until the lock was ours, another JVM could change or end it.
    LedgerEntry entry =
        ledger.read(id).orElseThrow(() -> missing(id, "sandbox " + id + " has just ended"));
    DetachedRecord record =
        files.read().orElseThrow(() -> missing(id, "sandbox " + id + " has just ended"));
    if (!new SandboxProcesses(ledger.state(), id, entry.state()).isOurs(record.process())
        || !entry.processes().contains(record.process())) {
      throw new KataException(
          ErrorCode.VM_EXITED,
          "the machine of sandbox " + id + " has ended",
          Details.none().withSandbox(id).withRemedy("'kata cleanup' removes what is left of it"));
    }
    Deadline deadline = Deadline.after(LIMIT);
    VmSpec vmSpec = new VmSpec(id, record.sizes(), record.guest(), VmNetwork.NONE, true);
    VirtualMachine vm =
        services
            .hypervisor()
            .attach(vmSpec, ledger.directoryOf(id), record.process().pid(), deadline);
    vm.observe(watch.commands());
    AgentLink link = null;
    try {
      link = AgentLink.resume(vm, id, record.identity(), deadline, watch, services.callTimeout());
      LedgerEntry ours = entry.ownedBy(ProcessIdentity.self());
      ledger.write(ours);
      VmSandbox sandbox =
          maker.make(
              new StartRun(ours, deadline, ledger, watch, services.callTimeout()),
              record.spec(),
              vmSpec,
              vm,
              link,
              SandboxConnections.none(id, record.spec()),
              services.hypervisor().describe(vmSpec),
              new Detachment(ledger, hold, record, ours, false),
              new Birth(Birth.Kind.COLD, "detached sandboxes are booted"));
      sandbox.beginning().attached(record.containers(), record.started());
      maker.open().keep(sandbox);
      return sandbox;
    } catch (IOException | RuntimeException | Error e) {
      Ending end = new Ending("attaching to sandbox " + id);
      if (link != null) {
        end.step("closing the connection to the agent", link::close);
      }
      end.step("detaching from the hypervisor", vm::detach);
      end.step(
          "giving up its ownership in the ledger",
          () -> ledger.write(entry.ownedBy(ProcessIdentity.NOBODY)));
      end.addTo(e);
      throw e;
    }
  }

  private static KataException missing(String id, String message) {
    return new KataException(
        ErrorCode.SANDBOX_NOT_FOUND,
        message,
        Details.none().withSandbox(id).withRemedy("'kata ps' lists the sandboxes of this user"));
  }
}
