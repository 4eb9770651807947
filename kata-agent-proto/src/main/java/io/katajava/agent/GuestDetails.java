package io.katajava.agent;

import java.util.List;

/**
 * The capabilities of the guest and its agent.
 *
 * @param memoryBlockSizeBytes the unit of memory hotplug, 0 if there is none
 * @param memoryHotplugProbe whether added memory has to be announced to the guest's kernel
 * @param agentVersion version of the agent
 * @param initDaemon whether the agent is process 1
 * @param deviceHandlers device types it knows; upstream leaves this empty
 * @param storageHandlers storage drivers it knows
 * @param supportsSeccomp whether containers can have a system call filter
 * @param extraFeatures optional parts it was built with
 */
public record GuestDetails(
    long memoryBlockSizeBytes,
    boolean memoryHotplugProbe,
    String agentVersion,
    boolean initDaemon,
    List<String> deviceHandlers,
    List<String> storageHandlers,
    boolean supportsSeccomp,
    List<String> extraFeatures) {

  /** Copies the lists. */
  public GuestDetails {
    deviceHandlers = List.copyOf(deviceHandlers);
    storageHandlers = List.copyOf(storageHandlers);
    extraFeatures = List.copyOf(extraFeatures);
  }
}
