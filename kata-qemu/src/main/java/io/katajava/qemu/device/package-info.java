/**
 * What can be put into a machine, before it starts or while it runs. Begin with {@link
 * io.katajava.qemu.device.QemuDevice}; a device is added with {@link
 * io.katajava.qemu.QemuConfig.Builder#addDevice} or plugged with {@link io.katajava.qemu.QemuVm}.
 */
@NullMarked
package io.katajava.qemu.device;

import org.jspecify.annotations.NullMarked;
