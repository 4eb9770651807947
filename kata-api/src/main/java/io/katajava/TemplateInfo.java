package io.katajava;

import java.nio.file.Path;
import java.time.Instant;

/**
 * A template in the store.
 *
 * @param id its name: made of everything it depends on
 * @param vcpus vCPUs of the template itself; a clone may have more
 * @param memory memory of the template itself; a clone may have more
 * @param created when it was built
 * @param lastUsed when a sandbox was made of it, or it was built
 * @param size what it takes, holes in memory not counted
 * @param directory where it is
 */
public record TemplateInfo(
    String id,
    int vcpus,
    MemorySize memory,
    Instant created,
    Instant lastUsed,
    MemorySize size,
    Path directory) {}
