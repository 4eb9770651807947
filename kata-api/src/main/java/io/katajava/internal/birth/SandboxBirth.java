package io.katajava.internal.birth;

import io.katajava.Birth;
import io.katajava.ErrorCode;
import io.katajava.Sandbox;
import io.katajava.internal.observe.LogContext;
import io.katajava.internal.observe.SandboxWatch;
import io.katajava.internal.run.StartRun;
import io.katajava.spi.VmEvidence;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One birth under way, whatever its kind: told to whoever watches, and undone when it fails. */
public final class SandboxBirth {
  /** A way to a sandbox that a user asked for. */
  interface Way {
    Sandbox run() throws InterruptedException;

    /** What is known of its machine when it has failed. */
    VmEvidence evidence();
  }

  private final SandboxWatch watch;
  private final boolean counts;
  private final Consumer<Throwable> undo;

  private SandboxBirth(SandboxWatch watch, boolean counts, Consumer<Throwable> undo) {
    this.watch = watch;
    this.counts = counts;
    this.undo = undo;
  }

  /**
   * Begins one.
   *
   * @param counts whether it counts as a start of a sandbox
   * @param undo takes back what was done, and adds to the failure what it fails with
   */
  static SandboxBirth begin(
      SandboxWatch watch, String operation, boolean counts, Consumer<Throwable> undo) {
    watch.begin(operation);
    return new SandboxBirth(watch, counts, undo);
  }

  /** A whole start: its failure is told with what is known of its machine. */
  @SuppressWarnings("try") // The context is held, not used.
  public static Sandbox of(StartRun run, String operation, Way way) {
    SandboxBirth birth = begin(run.watch(), operation, true, run.undo()::run);
    try (LogContext context = LogContext.of(run.sandboxId())) {
      Sandbox sandbox = way.run();
      birth.succeeded(sandbox.birth().kind());
      return sandbox;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw birth.failed(
          run.failure(
              ErrorCode.INTERRUPTED, "the thread was interrupted", null, way.evidence(), e));
    } catch (RuntimeException | Error e) {
      throw birth.failed(run.asStartFailure(e, way.evidence()));
    }
  }

  void succeeded(Birth.@Nullable Kind kind) {
    watch.started(kind);
  }

  /** It has failed, and is undone; returns the failure, to be thrown. */
  <X extends Throwable> X failed(X failure) {
    watch.failed(failure, counts);
    undo.accept(failure);
    return failure;
  }
}
