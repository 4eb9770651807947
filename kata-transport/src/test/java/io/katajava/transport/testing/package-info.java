/** What tests of connections share. */
@NullMarked
package io.katajava.transport.testing;

import org.jspecify.annotations.NullMarked;
