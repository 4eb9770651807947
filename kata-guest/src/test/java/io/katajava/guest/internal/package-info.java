/** Tests of how the guest is found and built, with fake kernels, modules, packages and apt. */
@NullMarked
package io.katajava.guest.internal;

import org.jspecify.annotations.NullMarked;
