/** Log lines of Kata and of ours, read and written. Begin with {@code LogReader}. */
@NullMarked
package io.katajava.cli.log;

import org.jspecify.annotations.NullMarked;
