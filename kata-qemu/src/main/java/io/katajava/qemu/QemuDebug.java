package io.katajava.qemu;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The debug section of a configuration. Its presence is the configuration's {@code enable_debug}:
 * without it there is no extra monitor, and no method to ask for one.
 *
 * @param extraMonitor a second way into QEMU
 */
public record QemuDebug(Optional<ExtraMonitor> extraMonitor) {

  /** A builder of a debug section. Not safe for several threads. */
  public static final class Builder {
    private @Nullable ExtraMonitor extraMonitor;

    Builder() {}

    /**
     * Opens a second way into QEMU at {@code extra-monitor.sock} in the sandbox's directory,
     * readable by its owner alone. From then on the machine is untrusted: a warning says so, and
     * {@link io.katajava.Sandbox#isTrusted()} is false. Default: none.
     *
     * @param monitor which kind
     * @return this
     */
    public Builder extraMonitor(ExtraMonitor monitor) {
      this.extraMonitor = monitor;
      return this;
    }

    QemuDebug build() {
      return new QemuDebug(Optional.ofNullable(extraMonitor));
    }
  }
}
