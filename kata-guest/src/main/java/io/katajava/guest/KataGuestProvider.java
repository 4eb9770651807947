package io.katajava.guest;

import io.katajava.spi.GuestAssets;
import io.katajava.spi.GuestProvider;
import io.katajava.spi.GuestRequest;

/** Provides the default guest: what {@link GuestBuilder} makes when nothing is chosen. */
public final class KataGuestProvider implements GuestProvider {

  /** Made by {@link java.util.ServiceLoader}. */
  public KataGuestProvider() {}

  @Override
  public GuestAssets provide(GuestRequest request) throws InterruptedException {
    return GuestBuilder.create()
        .architecture(request.architecture())
        .progress(request.progress())
        .build(request.cacheDirectory(), request.deadline());
  }
}
