package io.katajava.spi;

import io.katajava.KataException;

/**
 * A provider that finds or builds the files that a machine boots. Found with {@link
 * java.util.ServiceLoader}.
 */
public interface GuestProvider {

  /**
   * Provides kernel and initrd. The second call with the same request takes milliseconds and
   * touches no network. Safe for many threads and processes at once.
   *
   * @param request what is wanted
   * @return the assets, all of whose files exist
   * @throws KataException with {@link io.katajava.ErrorCode#KERNEL_NOT_FOUND} or {@link
   *     io.katajava.ErrorCode#GUEST_BUILD_FAILED}, listing what was tried and why it did not do
   * @throws InterruptedException when the calling thread is interrupted
   */
  GuestAssets provide(GuestRequest request) throws InterruptedException;
}
