/** The pool's insides. Closed. */
@NullMarked
package io.katajava.internal.pool;

import org.jspecify.annotations.NullMarked;
