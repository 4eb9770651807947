/**
 * Compressed data as distributions and image builders write it.
 *
 * <p>{@link io.katajava.compress.ZstdInputStream} reads Zstandard for guest kernels, their modules,
 * Debian packages and image layers.
 */
@NullMarked
package io.katajava.compress;

import org.jspecify.annotations.NullMarked;
