package io.katajava.spi;

import org.jspecify.annotations.Nullable;

/**
 * An observer of the commands that a hypervisor sends to a machine on its control connection. The
 * engine has one for each sandbox: {@link StartContext#commands}, {@link VirtualMachine#observe}.
 */
public interface CommandObserver {

  /** Sees nothing, and costs nothing. */
  CommandObserver NONE =
      new CommandObserver() {
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
   * @return to be handed back at the end; null for nothing
   */
  @Nullable Object begin(String command);

  /**
   * A command is over. Told once for each begin, on any thread.
   *
   * @param call what {@link #begin} returned
   * @param command its name
   * @param nanos how long it took, in nanoseconds
   * @param failure why it failed; null when it was answered
   */
  void end(@Nullable Object call, String command, long nanos, @Nullable Throwable failure);
}
