/** A QMP server to test against: begin with {@link io.katajava.qmp.testing.FakeQemu}. */
@NullMarked
package io.katajava.qmp.testing;

import org.jspecify.annotations.NullMarked;
