/**
 * Talks to QEMU over its QMP socket; also to qemu-storage-daemon and to the guest agent of QEMU.
 * Begin with {@link io.katajava.qemu.qmp.QmpClient#connect}; a client may be shared by threads.
 * Commands are in {@code io.katajava.qemu.qmp.command}, events in {@code
 * io.katajava.qemu.qmp.event}, their types in {@code io.katajava.qemu.qmp.type}.
 */
@NullMarked
package io.katajava.qemu.qmp;

import org.jspecify.annotations.NullMarked;
