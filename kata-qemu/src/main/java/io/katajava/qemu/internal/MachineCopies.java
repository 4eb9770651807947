package io.katajava.qemu.internal;

import io.katajava.MemorySize;
import io.katajava.qemu.LiveChange;
import io.katajava.qemu.QemuConfig;
import io.katajava.qemu.QemuDebug;
import io.katajava.qemu.device.Balloon;
import io.katajava.qemu.device.Disk;
import io.katajava.qemu.device.EntropySource;
import io.katajava.qemu.device.GenerationId;
import io.katajava.qemu.device.Nic;
import io.katajava.qemu.device.NicBackend;
import io.katajava.qemu.device.PanicNotifier;
import io.katajava.qemu.device.QemuDevice;
import io.katajava.qemu.internal.QemuCommandLine.Origin;
import io.katajava.spi.PluggedHardware;
import io.katajava.spi.VmSizes;
import io.katajava.spi.VmSpec;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What must be known of a machine to save it and to make others of its state.
 *
 * @param config what its command line was made of
 * @param sizes its sizes at the start
 * @param wanted its sizes once {@link #complete} has run
 * @param attached devices that are plugged in then
 * @param origin what its guest began with
 * @param memory its memory as a file, or null
 * @param shares whether other processes map its memory, to share directories
 */
record MachineCopies(
    QemuConfig config,
    VmSizes sizes,
    VmSizes wanted,
    List<QemuDevice> attached,
    Origin origin,
    @Nullable SharedMemoryFile memory,
    boolean shares) {
  private static final SecureRandom RANDOM = new SecureRandom();

  /** Keys of {@link #hardware}. */
  static final String VCPUS = "vcpus";

  static final String MEMORY = "memory-mebibytes";
  static final String TEMPLATE = "template";

  /** Which QEMU the state is of: another one may read it wrongly, or not at all. */
  static final String QEMU = "qemu";

  static MachineCopies of(
      QemuConfig config, VmSpec spec, Origin origin, @Nullable SharedMemoryFile memory) {
    return new MachineCopies(
        config, spec.sizes(), spec.sizes(), List.of(), origin, memory, spec.sharesDirectories());
  }

  /** The same machine, with what shall be plugged in. */
  MachineCopies completedTo(VmSizes sizesWanted, List<QemuDevice> devices) {
    return new MachineCopies(config, sizes, sizesWanted, devices, origin, memory, shares);
  }

  Map<String, String> hardware() {
    boolean template = memory != null || origin == Origin.STATE_AND_NAMED_MEMORY;
    return Map.of(
        VCPUS,
        String.valueOf(sizes.vcpus()),
        MEMORY,
        String.valueOf(sizes.memory().toMebibytes()),
        TEMPLATE,
        String.valueOf(template));
  }

  static VmSizes sizes(Map<String, String> hardware) {
    return new VmSizes(
        Integer.parseInt(hardware.getOrDefault(VCPUS, "1")),
        MemorySize.mebibytes(Long.parseLong(hardware.getOrDefault(MEMORY, "0"))));
  }

  static boolean isTemplate(Map<String, String> hardware) {
    return Boolean.parseBoolean(hardware.getOrDefault(TEMPLATE, "false"));
  }

  Optional<String> obstacle(boolean changed) {
    if (shares) {
      return Optional.of("it shares directories of the host");
    }
    if (changed) {
      return Optional.of("vCPUs, memory or devices were plugged into it");
    }
    if (config.debug().flatMap(QemuDebug::extraMonitor).isPresent()) {
      return Optional.of("its extra monitor belongs to one machine");
    }
    for (ExtraArgument extra :
        ExtraArguments.all(config.extraArguments(), config.machineOptions())) {
      if (extra.opens()) {
        return Optional.of("its " + extra.what() + " " + extra.text() + " belongs to one machine");
      }
    }
    for (QemuDevice device : config.devices()) {
      boolean copies =
          device instanceof Balloon
              || device instanceof EntropySource
              || device instanceof GenerationId
              || device instanceof PanicNotifier
              || (device instanceof Disk disk && disk.readOnly())
              || (device instanceof Nic nic
                  && nic.backend() instanceof NicBackend.User user
                  && user.forwards().isEmpty());
      if (!copies) {
        return Optional.of(
            "its device " + device.id() + " cannot be in two machines at the same time");
      }
    }
    return Optional.empty();
  }

  PluggedHardware complete(QemuMachine vm, Duration timeout) {
    int vcpus = wanted.vcpus() - sizes.vcpus();
    if (vcpus > 0) {
      vm.change(new LiveChange.AddVcpus(vcpus), timeout);
    }
    long memory = wanted.memory().bytes() - sizes.memory().bytes();
    if (memory > 0) {
      vm.change(new LiveChange.AddMemory("grown", MemorySize.bytes(memory)), timeout);
    }
    int cards = 0;
    for (QemuDevice device : attached) {
      if (device instanceof Nic nic) {
        cards++;
        vm.change(
            new LiveChange.AddDevice(nic.mac().isPresent() ? nic : nic.withMac(newMac())), timeout);
      } else {
        vm.change(new LiveChange.AddDevice(device), timeout);
      }
    }
    return new PluggedHardware(
        vcpus > 0 ? wanted.vcpus() : 0, memory > 0 ? wanted.memory() : MemorySize.bytes(0), cards);
  }

  /** Of the kind that belongs to no maker: unicast, locally administered. */
  private static String newMac() {
    byte[] octets = new byte[6];
    RANDOM.nextBytes(octets);
    octets[0] = (byte) ((octets[0] & 0xfc) | 0x02);
    StringBuilder text = new StringBuilder();
    for (byte octet : octets) {
      text.append(text.length() == 0 ? "" : ":").append(String.format(Locale.ROOT, "%02x", octet));
    }
    return text.toString();
  }
}
