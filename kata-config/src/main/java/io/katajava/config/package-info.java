/**
 * Kata's {@code configuration.toml}, of both upstream runtimes, to and from a typed model, and from
 * there to machines. Begin with {@link io.katajava.config.KataConfiguration#read}, or with {@link
 * io.katajava.Kata#fromConfiguration}, which needs this module on the class path.
 */
@NullMarked
package io.katajava.config;

import org.jspecify.annotations.NullMarked;
