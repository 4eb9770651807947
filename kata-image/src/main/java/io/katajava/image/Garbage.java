package io.katajava.image;

import io.katajava.MemorySize;

/**
 * The result of a garbage collection: what it removed from a store.
 *
 * @param files how many files
 * @param size their size
 */
public record Garbage(int files, MemorySize size) {}
