package io.katajava.guest;

import io.katajava.HostFact;
import io.katajava.HostFinding;
import io.katajava.guest.internal.GuestChecks;
import io.katajava.spi.HostProbe;
import io.katajava.spi.HostView;
import java.util.List;

/**
 * What the host check and the environment report say about the guest: where its kernel, busybox and
 * agent would come from, and what of it is in the cache. Nothing is downloaded or built.
 */
public final class GuestHostProbe implements HostProbe {

  /** Made by {@link java.util.ServiceLoader}. */
  public GuestHostProbe() {}

  @Override
  public String name() {
    return "guest";
  }

  @Override
  public List<HostFinding> check(HostView host) throws InterruptedException {
    return new GuestChecks(host).run();
  }

  @Override
  public List<HostFact> facts(HostView host) {
    return new GuestChecks(host).facts();
  }
}
