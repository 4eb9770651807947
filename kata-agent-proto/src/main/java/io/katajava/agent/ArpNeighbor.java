package io.katajava.agent;

/**
 * A neighbour whose link address is known. Maps to {@code ARPNeighbor}.
 *
 * @param address the neighbour
 * @param device name of the interface
 * @param linkAddress such as {@code 02:00:00:00:00:01}
 * @param state as in rtnetlink(7), 0 for permanent
 * @param flags as in rtnetlink(7)
 */
public record ArpNeighbor(
    IpAddress address, String device, String linkAddress, int state, int flags) {}
