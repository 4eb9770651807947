package io.katajava.internal.run;

import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.SandboxStartException;
import io.katajava.StartPhase;
import io.katajava.internal.ledger.Ledger;
import io.katajava.internal.ledger.LedgerEntry;
import io.katajava.internal.ledger.ProcessIdentity;
import io.katajava.internal.observe.SandboxWatch;
import io.katajava.spi.CommandObserver;
import io.katajava.spi.ExhaustedLimit;
import io.katajava.spi.StartContext;
import io.katajava.spi.VmEvidence;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One start under way: its id, clock, ledger entry and what to undo should it fail. */
public final class StartRun implements StartContext {
  private final String sandboxId;
  private final Deadline deadline;
  private final Ledger ledger;
  private final TimelineRecorder timeline = new TimelineRecorder();
  private final UndoStack undo = new UndoStack();
  private final SandboxWatch watch;
  private final Duration callTimeout;
  private LedgerEntry entry;

  public StartRun(
      String sandboxId,
      Deadline deadline,
      Ledger ledger,
      SandboxWatch watch,
      Duration callTimeout) {
    this.callTimeout = callTimeout;
    this.watch = watch;
    this.sandboxId = sandboxId;
    this.deadline = deadline;
    this.ledger = ledger;
    this.entry = new LedgerEntry(sandboxId, ProcessIdentity.self(), java.util.List.of());
  }

  /** Of a sandbox that runs already, as its entry tells. */
  public StartRun(
      LedgerEntry entry,
      Deadline deadline,
      Ledger ledger,
      SandboxWatch watch,
      Duration callTimeout) {
    this.callTimeout = callTimeout;
    this.watch = watch;
    this.sandboxId = entry.sandboxId();
    this.deadline = deadline;
    this.ledger = ledger;
    this.entry = entry;
  }

  /** The longest wait for one answer of the agent. */
  public Duration callTimeout() {
    return callTimeout;
  }

  /** What people call the sandbox; before the entry is written. */
  public void named(String name) {
    entry = entry.named(name);
  }

  /** The ledger entry as it is now. */
  public LedgerEntry entry() {
    return entry;
  }

  public TimelineRecorder timeline() {
    return timeline;
  }

  public SandboxWatch watch() {
    return watch;
  }

  @Override
  public CommandObserver commands() {
    return watch.commands();
  }

  /** The phase under way is over, and none follows yet. */
  public void endPhase() {
    timeline.end();
    watch.endPhase(null);
  }

  public UndoStack undo() {
    return undo;
  }

  /** Writes the ledger entry, then makes the directory: in this order, so none is unknown. */
  public void prepareDirectory() {
    try {
      undo.push(this::removeState);
      ledger.write(entry);
      ledger.makeDirectory(sandboxId);
    } catch (IOException e) {
      throw failure(
          ErrorCode.HOST_UNSUITABLE,
          "cannot make the sandbox's directory in " + ledger.state() + ": " + e,
          "Check that it is writable and has space",
          VmEvidence.none(),
          e);
    }
  }

  /** Removes directory and ledger entry. */
  public void removeState() {
    try {
      ledger.remove(sandboxId);
    } catch (IOException e) {
      throw new KataException(
          ErrorCode.HOST_UNSUITABLE,
          "cannot remove the state of sandbox " + sandboxId + " in " + ledger.state() + ": " + e,
          Details.none().withSandbox(sandboxId).withCause(e));
    }
  }

  @Override
  public String sandboxId() {
    return sandboxId;
  }

  @Override
  public Path stateDirectory() {
    return ledger.directoryOf(sandboxId);
  }

  @Override
  public Deadline deadline() {
    return deadline;
  }

  @Override
  public void enter(StartPhase phase) {
    timeline.enter(phase);
    watch.enter(phase);
  }

  @Override
  public void recordProcess(long pid) {
    ProcessIdentity.of(pid)
        .ifPresent(
            process -> {
              entry = entry.withProcess(process);
              try {
                ledger.write(entry);
              } catch (IOException e) {
                throw failure(
                    ErrorCode.HOST_UNSUITABLE,
                    "cannot write the ledger in " + ledger.state() + ": " + e,
                    "Check that it is writable and has space",
                    VmEvidence.none(),
                    e);
              }
            });
  }

  @Override
  public KataException failure(
      ErrorCode code,
      String message,
      @Nullable String remedy,
      VmEvidence evidence,
      @Nullable Throwable cause) {
    Optional<String> limit = cause == null ? Optional.empty() : ExhaustedLimit.of(cause);
    return new SandboxStartException(
        code,
        "sandbox "
            + sandboxId
            + " could not be started: "
            + message
            + limit.map(why -> ": " + why).orElse(""),
        new Details(
            timeline.current(),
            sandboxId,
            limit.isPresent() ? "Raise that limit and start the JVM again" : remedy,
            cause),
        evidence,
        timeline.snapshot());
  }

  /** Makes a failed start out of anything thrown on the way. */
  public KataException asStartFailure(Throwable thrown, VmEvidence evidence) {
    if (thrown instanceof SandboxStartException start) {
      return start;
    }
    Optional<String> limit = ExhaustedLimit.of(thrown);
    if (limit.isPresent() && !(thrown instanceof KataException)) {
      return failure(
          ErrorCode.HOST_UNSUITABLE, String.valueOf(thrown.getMessage()), null, evidence, thrown);
    }
    if (thrown instanceof KataException known) {
      SandboxStartException wrapped =
          new SandboxStartException(
              known.code(),
              "sandbox "
                  + sandboxId
                  + " could not be started: "
                  + known.getMessage()
                  + limit.map(why -> ": " + why).orElse(""),
              new Details(timeline.current(), sandboxId, null, known),
              evidence,
              timeline.snapshot());
      return wrapped;
    }
    return failure(
        ErrorCode.VM_START_FAILED, "unexpected failure: " + thrown, null, evidence, thrown);
  }
}
