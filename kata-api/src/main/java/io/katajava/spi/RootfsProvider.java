package io.katajava.spi;

import io.katajava.KataException;
import java.util.Optional;

/**
 * A provider that turns an image reference into a root filesystem that the agent can mount. Found
 * with {@link java.util.ServiceLoader}; the first one that knows a reference is used.
 */
public interface RootfsProvider {

  /**
   * Prepares a root filesystem.
   *
   * @param request what is wanted
   * @return the root filesystem, or empty when this provider does not know the reference
   * @throws KataException with {@link io.katajava.ErrorCode#ROOTFS_UNAVAILABLE} or another code
   *     that says more, when it knows the reference but cannot prepare it
   * @throws InterruptedException when the calling thread is interrupted
   */
  Optional<Rootfs> prepare(RootfsRequest request) throws InterruptedException;
}
