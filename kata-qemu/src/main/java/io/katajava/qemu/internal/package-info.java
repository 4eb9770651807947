/**
 * How QEMU is found, described, spawned, talked to and ended. Closed. Begin with {@link
 * io.katajava.qemu.internal.QemuHypervisor}.
 */
@NullMarked
package io.katajava.qemu.internal;

import org.jspecify.annotations.NullMarked;
