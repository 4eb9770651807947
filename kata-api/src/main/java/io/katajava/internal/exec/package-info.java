/** Processes in the guest: their streams, their time and their end. */
@NullMarked
package io.katajava.internal.exec;

import org.jspecify.annotations.NullMarked;
