package io.katajava.spi;

import io.katajava.Deadline;
import java.nio.file.Path;

/**
 * What a {@link GuestProvider} is asked for.
 *
 * @param architecture the guest's architecture in QEMU's spelling, for example {@code x86_64}
 * @param cacheDirectory where to keep what was downloaded or built
 * @param deadline by when it must be there
 */
public record GuestRequest(String architecture, Path cacheDirectory, Deadline deadline) {}
