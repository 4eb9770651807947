package io.katajava.qmp;

import org.jspecify.annotations.Nullable;

/**
 * An observer of the commands of a {@link QmpClient}, for tracing and figures. Nothing is observed
 * unless one is given: {@link QmpOptions.Builder#observer}.
 *
 * <p>Its methods are on the way of every command, the handshake's included: they must neither wait
 * nor throw.
 */
public interface QmpObserver {

  /** Sees nothing, and costs nothing. */
  QmpObserver NONE =
      new QmpObserver() {
        @Override
        public @Nullable Object begin(String command) {
          return null;
        }

        @Override
        public void end(
            @Nullable Object call, String command, long nanos, @Nullable Throwable failure) {}
      };

  /**
   * A command is about to be sent; on its caller's thread.
   *
   * @param command its name, such as {@code query-status}; never its arguments
   * @return what to remember of it; null for nothing, which allocates nothing
   */
  @Nullable Object begin(String command);

  /**
   * A command is over: answered, refused, or given up. Told once for each begin, on any thread.
   *
   * @param call what {@link #begin} returned
   * @param command its name
   * @param nanos how long it took, in nanoseconds
   * @param failure why it failed, a {@link QmpException} as a rule; null when it was answered
   */
  void end(@Nullable Object call, String command, long nanos, @Nullable Throwable failure);
}
