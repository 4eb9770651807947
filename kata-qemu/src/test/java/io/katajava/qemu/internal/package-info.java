/** Tests of the driver, with a process that only pretends to be QEMU and with the real one. */
@NullMarked
package io.katajava.qemu.internal;

import org.jspecify.annotations.NullMarked;
