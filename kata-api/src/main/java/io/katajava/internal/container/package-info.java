/** A container: how it is planned, made, run, asked and removed. */
@NullMarked
package io.katajava.internal.container;

import org.jspecify.annotations.NullMarked;
