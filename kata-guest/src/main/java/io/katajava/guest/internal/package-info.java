/**
 * How the guest is found and built; closed to other modules.
 *
 * <p>Begin with {@link io.katajava.guest.internal.GuestAssembly}: it picks a kernel ({@link
 * io.katajava.guest.internal.KernelFinder}), collects the initrd's content ({@link
 * io.katajava.guest.internal.InitrdLayout}) and keeps the result ({@link
 * io.katajava.guest.internal.GuestCache}).
 */
@NullMarked
package io.katajava.guest.internal;

import org.jspecify.annotations.NullMarked;
