package io.katajava.internal.observe;

import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;
import org.slf4j.helpers.NOPMDCAdapter;

/**
 * The sandbox id in slf4j's mapped diagnostic context while a thread works for a sandbox. Without a
 * logger that has such a context it does nothing.
 */
public final class LogContext implements AutoCloseable {
  /** The key. */
  public static final String KEY = "kata.sandbox";

  private static final LogContext NONE = new LogContext(null);

  private final @Nullable String before;

  private LogContext(@Nullable String before) {
    this.before = before;
  }

  /**
   * Names the sandbox until this is closed, which brings back what was there.
   *
   * @param sandboxId whose work this thread does
   * @return to be closed on the same thread
   */
  public static LogContext of(String sandboxId) {
    if (!isKept()) {
      return NONE;
    }
    String before = MDC.get(KEY);
    if (sandboxId.equals(before)) {
      return NONE;
    }
    MDC.put(KEY, sandboxId);
    return new LogContext(before);
  }

  /**
   * Lets a new thread begin with no sandbox's context.
   *
   * @param task what the thread runs
   * @return what it is to run instead
   */
  public static Runnable without(Runnable task) {
    if (!isKept()) {
      return task;
    }
    return () -> {
      MDC.remove(KEY);
      task.run();
    };
  }

  /** Whether anybody keeps such a context. */
  static boolean isKept() {
    return !(MDC.getMDCAdapter() instanceof NOPMDCAdapter);
  }

  @Override
  public void close() {
    if (this == NONE) {
      return;
    }
    if (before == null) {
      MDC.remove(KEY);
    } else {
      MDC.put(KEY, before);
    }
  }
}
