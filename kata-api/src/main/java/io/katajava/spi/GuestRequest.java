package io.katajava.spi;

import io.katajava.Deadline;
import io.katajava.ProgressListener;
import java.nio.file.Path;

/**
 * A request to a {@link GuestProvider}.
 *
 * @param architecture the guest's architecture in QEMU's spelling, for example {@code x86_64}
 * @param cacheDirectory where to keep what was downloaded or built
 * @param deadline by when it must be there
 * @param progress hears of a build
 */
public record GuestRequest(
    String architecture, Path cacheDirectory, Deadline deadline, ProgressListener progress) {

  /**
   * A request without a listener.
   *
   * @param architecture the guest's architecture in QEMU's spelling
   * @param cacheDirectory where to keep what was downloaded or built
   * @param deadline by when it must be there
   */
  public GuestRequest(String architecture, Path cacheDirectory, Deadline deadline) {
    this(architecture, cacheDirectory, deadline, ProgressListener.NONE);
  }
}
