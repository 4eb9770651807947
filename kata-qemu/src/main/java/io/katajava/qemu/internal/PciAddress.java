package io.katajava.qemu.internal;

import io.katajava.qmp.type.PciDeviceInfo;
import io.katajava.qmp.type.PciInfo;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Where the guest finds a device: the slots on the way from the root bus. */
final class PciAddress {
  private PciAddress() {}

  /**
   * Looks for a device.
   *
   * @param id its id
   * @param buses what {@code query-pci} says
   * @return for example {@code 03/00}; empty when it is on none of the buses
   */
  static Optional<String> of(String id, List<PciInfo> buses) {
    return buses.stream()
        .map(bus -> find(id, bus.devices(), ""))
        .flatMap(Optional::stream)
        .findFirst();
  }

  private static Optional<String> find(String id, List<PciDeviceInfo> devices, String above) {
    for (PciDeviceInfo device : devices) {
      // A port may share its slot with others: then its function counts, too.
      String own =
          above
              + String.format(Locale.ROOT, "%02x", device.slot())
              + (device.function() == 0 ? "" : "." + device.function());
      if (device.qdevId().equals(id)) {
        return Optional.of(own);
      }
      if (device.pciBridge() != null && device.pciBridge().devices() != null) {
        Optional<String> below = find(id, device.pciBridge().devices(), own + "/");
        if (below.isPresent()) {
          return below;
        }
      }
    }
    return Optional.empty();
  }
}
