package io.katajava.spi;

/**
 * What a hypervisor is asked to start.
 *
 * @param sandboxId the sandbox's id: short, letters and digits only
 * @param sizes how large the machine is
 * @param guest what it boots
 */
public record VmSpec(String sandboxId, VmSizes sizes, GuestAssets guest) {}
