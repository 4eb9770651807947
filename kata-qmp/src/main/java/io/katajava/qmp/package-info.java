/**
 * Talks to QEMU over its QMP socket; also to qemu-storage-daemon and to the guest agent of QEMU.
 * Begin with {@link io.katajava.qmp.QmpClient#connect}; a client may be shared by threads. Commands
 * are in {@code io.katajava.qmp.command}, events in {@code io.katajava.qmp.event}, their types in
 * {@code io.katajava.qmp.type}.
 */
@NullMarked
package io.katajava.qmp;

import org.jspecify.annotations.NullMarked;
