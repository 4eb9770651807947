package io.katajava.guest;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.spi.GuestAssets;
import io.katajava.spi.GuestProvider;
import io.katajava.spi.GuestRequest;

/**
 * Provides the default guest: what {@link GuestBuilder} makes when nothing is chosen. The
 * environment variable {@value #KERNEL_VARIABLE} chooses its kernel, by a name of {@link
 * KernelSource#named(String)}.
 */
public final class KataGuestProvider implements GuestProvider {
  /** Names the kernel of the default guest; empty or not set: the first there is. */
  public static final String KERNEL_VARIABLE = "KATA_GUEST_KERNEL";

  /** Made by {@link java.util.ServiceLoader}. */
  public KataGuestProvider() {}

  @Override
  public GuestAssets provide(GuestRequest request) throws InterruptedException {
    GuestBuilder builder =
        GuestBuilder.create().architecture(request.architecture()).progress(request.progress());
    String kernel = System.getenv(KERNEL_VARIABLE);
    if (kernel != null && !kernel.isEmpty()) {
      builder.kernel(chosen(kernel));
    }
    return builder.build(request.cacheDirectory(), request.deadline());
  }

  private static KernelSource chosen(String name) {
    try {
      return KernelSource.named(name);
    } catch (IllegalArgumentException e) {
      throw new KataException(
          ErrorCode.KERNEL_NOT_FOUND,
          KERNEL_VARIABLE + ": " + e.getMessage(),
          KataException.Details.none()
              .withCause(e)
              .withRemedy("Correct the environment variable " + KERNEL_VARIABLE));
    }
  }
}
