package io.katajava.qemu;

/**
 * The layout of a machine's vCPUs: QEMU's {@code -smp}.
 *
 * @param maximum vCPUs that can be there in the end, those plugged later included
 * @param coresPerSocket cores of a socket
 * @param threadsPerCore threads of a core
 */
public record CpuLayout(int maximum, int coresPerSocket, int threadsPerCore) {
  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if one is less than 1, or the maximum does not fill whole
   *     sockets
   */
  public CpuLayout {
    if (maximum < 1 || coresPerSocket < 1 || threadsPerCore < 1) {
      throw new IllegalArgumentException(
          "a CPU layout has at least 1 of each, got "
              + maximum
              + " vCPUs, "
              + coresPerSocket
              + " cores and "
              + threadsPerCore
              + " threads");
    }
    if (maximum % (coresPerSocket * threadsPerCore) != 0) {
      throw new IllegalArgumentException(
          maximum
              + " vCPUs do not fill whole sockets of "
              + coresPerSocket
              + " cores with "
              + threadsPerCore
              + " threads");
    }
  }

  /**
   * A layout like Kata's: every vCPU a socket of its own, so that each can be plugged alone.
   *
   * @param maximum vCPUs that can be there in the end
   * @return the layout
   */
  public static CpuLayout upTo(int maximum) {
    return new CpuLayout(maximum, 1, 1);
  }

  /**
   * Number of sockets.
   *
   * @return how many sockets the maximum fills
   */
  public int sockets() {
    return maximum / (coresPerSocket * threadsPerCore);
  }
}
