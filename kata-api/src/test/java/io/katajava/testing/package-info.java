/** A guest that is not there: fakes of hypervisor and agent for tests of the engine. */
@NullMarked
package io.katajava.testing;

import org.jspecify.annotations.NullMarked;
