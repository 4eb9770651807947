/** Runnable examples; each has a {@code main} and is run by the tests. */
@NullMarked
package io.katajava.examples;

import org.jspecify.annotations.NullMarked;
