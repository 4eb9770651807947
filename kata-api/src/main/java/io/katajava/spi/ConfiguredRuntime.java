package io.katajava.spi;

import java.util.Optional;

/**
 * The runtime that a configuration file describes.
 *
 * @param hypervisor the hypervisor
 * @param guest the guest; empty when the file names none, and the one on the class path counts
 */
public record ConfiguredRuntime(Hypervisor hypervisor, Optional<GuestProvider> guest) {}
