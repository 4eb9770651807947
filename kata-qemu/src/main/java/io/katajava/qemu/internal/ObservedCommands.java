package io.katajava.qemu.internal;

import io.katajava.qmp.QmpObserver;
import io.katajava.spi.CommandObserver;
import org.jspecify.annotations.Nullable;

/** Hands what happens on the monitor to whoever the engine names, from then on. */
final class ObservedCommands implements QmpObserver {
  private volatile CommandObserver target = CommandObserver.NONE;

  void tell(CommandObserver observer) {
    target = observer;
  }

  @Override
  public @Nullable Object begin(String command) {
    return target.begin(command);
  }

  @Override
  public void end(@Nullable Object call, String command, long nanos, @Nullable Throwable failure) {
    target.end(call, command, nanos, failure);
  }
}
