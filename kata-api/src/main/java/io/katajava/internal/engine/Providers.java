package io.katajava.internal.engine;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.internal.container.GuestRootfs;
import io.katajava.spi.GuestProvider;
import io.katajava.spi.Hypervisor;
import io.katajava.spi.HypervisorFactory;
import io.katajava.spi.KataObserver;
import io.katajava.spi.RootfsProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What was given to the builder or found on the class path. */
record Providers(Hypervisor hypervisor, GuestProvider guest, List<RootfsProvider> rootfs) {

  private static final Logger log = LoggerFactory.getLogger(Providers.class);

  static Providers resolve(EngineSettings settings) {
    Hypervisor hypervisor = settings.hypervisor();
    if (hypervisor == null) {
      hypervisor =
          first(HypervisorFactory.class)
              .map(HypervisorFactory::create)
              .orElseThrow(() -> missing("hypervisor", "kata-qemu"));
    }
    GuestProvider guest = settings.guest();
    if (guest == null) {
      guest = first(GuestProvider.class).orElseThrow(() -> missing("guest", "kata-guest"));
    }
    List<RootfsProvider> rootfs = new ArrayList<>(settings.rootfs());
    ServiceLoader.load(RootfsProvider.class, Providers.class.getClassLoader()).forEach(rootfs::add);
    rootfs.add(new GuestRootfs());
    return new Providers(hypervisor, guest, List.copyOf(rootfs));
  }

  /** Those given, then those found. */
  static List<KataObserver> observers(List<KataObserver> given) {
    List<KataObserver> all = new ArrayList<>(given);
    try {
      ServiceLoader.load(KataObserver.class, Providers.class.getClassLoader()).forEach(all::add);
    } catch (ServiceConfigurationError | LinkageError e) {
      // Whoever watches must not keep sandboxes from running.
      log.warn("an observer on the class path cannot be loaded: {}", e.getMessage());
    }
    return List.copyOf(all);
  }

  static <T> Optional<T> first(Class<T> service) {
    try {
      // The loader of this library, not the thread's: an application server's thread may carry
      // another one.
      return ServiceLoader.load(service, Providers.class.getClassLoader()).findFirst();
    } catch (ServiceConfigurationError e) {
      throw new KataException(
          ErrorCode.PROVIDER_MISSING,
          "a provider of "
              + service.getSimpleName()
              + " on the class path cannot be loaded: "
              + e.getMessage(),
          e);
    }
  }

  private static KataException missing(String what, String module) {
    return new KataException(
        ErrorCode.PROVIDER_MISSING,
        "no " + what + " is on the class path",
        Details.none()
            .withRemedy("Add the dependency io.katajava:kata-sdk (or io.katajava:" + module + ")"));
  }
}
