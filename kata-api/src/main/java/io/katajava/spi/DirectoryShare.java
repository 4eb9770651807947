package io.katajava.spi;

import java.nio.file.Path;

/**
 * A directory of the host that a guest mounts.
 *
 * @param tag what the guest mounts it by: a letter, then letters, digits and {@code -}; at most 20
 * @param directory on the host
 * @param isWritable whether the guest may change what is in it; where it may not, it is the host
 *     that sees to it
 */
public record DirectoryShare(String tag, Path directory, boolean isWritable) {}
