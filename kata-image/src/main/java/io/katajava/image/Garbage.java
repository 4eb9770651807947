package io.katajava.image;

import io.katajava.MemorySize;

/**
 * What a collection of garbage removed from a store.
 *
 * @param files how many files
 * @param size their size
 */
public record Garbage(int files, MemorySize size) {}
