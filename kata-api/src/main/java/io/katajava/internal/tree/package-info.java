/**
 * A tree of the host, walked by descriptor: a directory is opened once, and everything below it is
 * reached from there, name by name, following no link. Names are bytes, as the kernel has them.
 */
@NullMarked
package io.katajava.internal.tree;

import org.jspecify.annotations.NullMarked;
