package io.katajava.spi;

import io.katajava.MemorySize;

/**
 * The hardware that {@link VirtualMachine#complete} plugged in, which the guest must find before
 * the machine is handed out.
 *
 * @param vcpus how many vCPUs there are now; 0 when none was plugged
 * @param memory how much memory there is now; zero when none was plugged
 * @param interfaces how many network cards there are now; 0 when none was plugged
 */
public record PluggedHardware(int vcpus, MemorySize memory, int interfaces) {

  /**
   * Nothing was plugged.
   *
   * @return the guest has nothing to wait for
   */
  public static PluggedHardware none() {
    return new PluggedHardware(0, MemorySize.bytes(0), 0);
  }

  /**
   * Tells whether the guest has nothing to wait for.
   *
   * @return true when nothing was plugged
   */
  public boolean isNone() {
    return vcpus == 0 && memory.bytes() == 0 && interfaces == 0;
  }
}
