package io.katajava.qemu;

/**
 * The kinds of extra monitor: a second way into a running QEMU, for people who debug it. Whoever
 * reaches its socket controls the machine, so with it the machine is untrusted. The configuration's
 * key is {@code extra_monitor_socket}.
 */
public enum ExtraMonitor {
  /** The human monitor: text commands, {@code -monitor}. */
  HMP("hmp", "-monitor"),
  /** QMP as programs speak it, {@code -qmp}. */
  QMP("qmp", "-qmp"),
  /** QMP with indented answers, {@code -qmp-pretty}. */
  QMP_PRETTY("qmp-pretty", "-qmp-pretty");

  private final String configurationValue;
  private final String option;

  ExtraMonitor(String configurationValue, String option) {
    this.configurationValue = configurationValue;
    this.option = option;
  }

  /**
   * The value in Kata's configuration file.
   *
   * @return {@code hmp}, {@code qmp} or {@code qmp-pretty}
   */
  public String configurationValue() {
    return configurationValue;
  }

  /**
   * QEMU's option that opens it.
   *
   * @return {@code -monitor}, {@code -qmp} or {@code -qmp-pretty}
   */
  public String option() {
    return option;
  }
}
