package io.katajava.internal.birth;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.Sandbox;
import io.katajava.internal.sandbox.VmSandbox;
import io.katajava.spi.Ending;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** The sandboxes of a runtime that are open, and the machines that are to become templates. */
public final class OpenSandboxes {
  private final Set<VmSandbox> open = ConcurrentHashMap.newKeySet();
  private final Set<VmSandbox> building = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean closed = new AtomicBoolean();

  /** A sandbox that is handed out, from now on until it is closed. */
  void keep(VmSandbox sandbox) {
    open.add(sandbox);
    if (closed.get()) {
      open.remove(sandbox);
      throw closedMeanwhile();
    }
  }

  void forget(VmSandbox sandbox) {
    open.remove(sandbox);
  }

  /** A machine that becomes a template: closed with the runtime, which ends its build. */
  void track(VmSandbox sandbox) {
    building.add(sandbox);
    if (closed.get()) {
      throw closedMeanwhile();
    }
  }

  void untrack(VmSandbox sandbox) {
    building.remove(sandbox);
  }

  private static KataException closedMeanwhile() {
    return new KataException(ErrorCode.CLOSED, "the Kata runtime was closed meanwhile");
  }

  /** How many are handed out. */
  public int size() {
    return open.size();
  }

  /** Those that are handed out. */
  public List<Sandbox> all() {
    return new ArrayList<>(open);
  }

  /** Nothing more is kept; false when that was so already. */
  public boolean refuseMore() {
    return closed.compareAndSet(false, true);
  }

  boolean isClosed() {
    return closed.get();
  }

  public void requireOpen() {
    if (closed.get()) {
      throw new KataException(ErrorCode.CLOSED, "this Kata runtime is closed");
    }
  }

  /** Closes all at once, as each may take its time. */
  public void closeAll(Ending end, Executor executor, Consumer<VmSandbox> close) {
    Map<VmSandbox, CompletableFuture<Void>> closing = new LinkedHashMap<>();
    List<VmSandbox> all = new ArrayList<>(open);
    all.addAll(building);
    for (VmSandbox sandbox : all) {
      String attempt = "closing sandbox " + sandbox.id();
      try {
        closing.put(sandbox, CompletableFuture.runAsync(() -> close.accept(sandbox), executor));
      } catch (RuntimeException | Error e) {
        // There is no thread to be had: then it is closed by this one.
        end.step(attempt, () -> close.accept(sandbox));
      }
    }
    closing.forEach(
        (sandbox, one) ->
            end.step(
                "closing sandbox " + sandbox.id(),
                () -> {
                  try {
                    one.get();
                  } catch (ExecutionException e) {
                    throw e.getCause() instanceof Exception known ? known : e;
                  }
                }));
  }
}
