package io.katajava.cli;

/** Whether this process is ending, for example by a signal, while its threads still run. */
final class Shutdown {
  private Shutdown() {}

  /**
   * Then everything is closed under whoever still works, and failures of that are none to tell: the
   * JVM exits with 128 and the signal's number. Asked of the JVM itself, as a flag that a shutdown
   * hook sets could come too late.
   */
  static boolean isUnderWay() {
    Thread probe = new Thread(() -> {}, "kata-shutdown-probe");
    try {
      Runtime.getRuntime().addShutdownHook(probe);
      Runtime.getRuntime().removeShutdownHook(probe);
      return false;
    } catch (IllegalStateException e) {
      return true;
    }
  }
}
