/** The {@code kata} command. Begin with {@link io.katajava.cli.KataCommand}. */
@NullMarked
package io.katajava.cli;

import org.jspecify.annotations.NullMarked;
