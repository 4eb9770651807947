/** One start under way: its phases, its threads, what to undo. */
@NullMarked
package io.katajava.internal.run;

import org.jspecify.annotations.NullMarked;
