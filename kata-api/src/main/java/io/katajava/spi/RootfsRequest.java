package io.katajava.spi;

import io.katajava.Deadline;
import io.katajava.ProgressListener;
import java.nio.file.Path;

/**
 * A request to a {@link RootfsProvider}.
 *
 * @param reference what the user asked for
 * @param containerId the container it is for
 * @param directory the directory in the guest that the agent keeps for that container; the root
 *     filesystem's own mount point is below it
 * @param guest what the guest brings along
 * @param cacheDirectory where to keep what was downloaded or made
 * @param deadline by when it must be there
 * @param progress hears how far it is
 */
public record RootfsRequest(
    String reference,
    String containerId,
    String directory,
    GuestAssets guest,
    Path cacheDirectory,
    Deadline deadline,
    ProgressListener progress) {}
