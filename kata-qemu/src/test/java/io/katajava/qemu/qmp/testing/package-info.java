/** A QMP server to test against: begin with {@link io.katajava.qemu.qmp.testing.FakeQemu}. */
@NullMarked
package io.katajava.qemu.qmp.testing;

import org.jspecify.annotations.NullMarked;
