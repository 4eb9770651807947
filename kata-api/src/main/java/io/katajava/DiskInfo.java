package io.katajava;

import java.nio.file.Path;
import java.time.Instant;

/**
 * A disk that was made for {@link Volume#disk}.
 *
 * @param name its name
 * @param image the file it is in: raw, with an ext4 filesystem
 * @param size how large the guest sees it
 * @param used what the file takes on the host
 * @param changed when it was last written to
 */
public record DiskInfo(
    String name, Path image, MemorySize size, MemorySize used, Instant changed) {}
