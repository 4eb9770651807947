package io.katajava.config.internal;

import io.katajava.config.HypervisorSection;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** How the kernel finds its root in an image: on the first partition, hashes on the second. */
final class RootParameters {
  private RootParameters() {}

  /**
   * The parameters.
   *
   * @param device the image's device without the number of a partition
   * @param hypervisor what is set
   * @param directAccess whether persistent memory is mapped without the page cache
   */
  static List<String> of(String device, HypervisorSection hypervisor, boolean directAccess) {
    String type = hypervisor.string("rootfs_type").orElse("ext4");
    List<String> parameters = new ArrayList<>();
    hypervisor
        .string("kernel_verity_params")
        .flatMap(VerityText::parse)
        .ifPresentOrElse(
            fields -> verity(parameters, device, fields),
            () -> parameters.add("root=" + device + "1"));
    List<String> flags = new ArrayList<>();
    if (device.contains("pmem") && directAccess) {
      flags.add("dax");
    }
    if (type.equals("ext4")) {
      flags.add("data=ordered");
      flags.add("errors=remount-ro");
    }
    if (!flags.isEmpty()) {
      parameters.add("rootflags=" + String.join(",", flags));
    }
    parameters.add("ro");
    parameters.add("rootfstype=" + type);
    return parameters;
  }

  private static void verity(List<String> parameters, String device, Map<String, String> fields) {
    parameters.add(
        "dm-mod.create=\""
            + VerityText.deviceMapperTable(fields, device + "1", device + "2")
            + "\"");
    parameters.add("root=/dev/dm-0");
  }
}
