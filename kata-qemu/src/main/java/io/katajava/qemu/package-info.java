/**
 * QEMU as hypervisor. Begin with {@link io.katajava.qemu.QemuConfig}: it is handed to {@link
 * io.katajava.Kata.Builder#hypervisor(io.katajava.spi.HypervisorConfig)}.
 */
@NullMarked
package io.katajava.qemu;

import org.jspecify.annotations.NullMarked;
