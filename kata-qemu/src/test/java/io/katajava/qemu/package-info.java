/** Tests of the driver's public types. */
@NullMarked
package io.katajava.qemu;

import org.jspecify.annotations.NullMarked;
