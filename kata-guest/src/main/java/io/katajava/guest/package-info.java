/**
 * What runs inside a sandbox: guest kernel, initrd and agent.
 *
 * <p>Applications need nothing from here: {@link io.katajava.guest.KataGuestProvider} is found on
 * the class path. To choose another kernel, or to put more into the initrd, begin with {@link
 * io.katajava.guest.GuestBuilder}.
 */
@NullMarked
package io.katajava.guest;

import org.jspecify.annotations.NullMarked;
