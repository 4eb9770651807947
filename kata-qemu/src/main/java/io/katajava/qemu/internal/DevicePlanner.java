package io.katajava.qemu.internal;

import static io.katajava.qemu.ChangePlan.Verdict.LIVE;
import static io.katajava.qemu.ChangePlan.Verdict.NEEDS_RESTART;
import static io.katajava.qemu.ChangePlan.Verdict.UNSUPPORTED;

import io.katajava.qemu.MachineType;
import io.katajava.qemu.QemuConfig;
import io.katajava.qemu.device.Disk;
import io.katajava.qemu.device.EntropySource;
import io.katajava.qemu.device.HostDevice;
import io.katajava.qemu.device.Nic;
import io.katajava.qemu.device.QemuDevice;
import io.katajava.qemu.device.SharedDirectory;
import io.katajava.qemu.internal.ChangePlanner.Draft;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Plugging and unplugging devices: which bus, which parts. */
final class DevicePlanner {
  private record Plugged(List<QemuItem> parts, @Nullable String port) {}

  private final MachineType machine;
  private final DeviceParts parts;
  private final boolean scsi;
  private final boolean sharedMemory;
  private final Set<String> freePorts = new HashSet<>();
  private final Set<String> atStart = new HashSet<>();
  private final Map<String, Plugged> plugged = new HashMap<>();

  DevicePlanner(QemuConfig config, MachineType machine, boolean sharedMemory) {
    this.sharedMemory = sharedMemory;
    this.machine = machine;
    this.parts = new DeviceParts(Transport.of(machine), config.ioThreads());
    for (int i = 0; i < config.pciePorts(); i++) {
      freePorts.add(HotPlugPorts.name(i));
    }
    boolean controller = false;
    for (QemuDevice device : config.devices()) {
      atStart.add(device.id());
      controller |= device instanceof Disk disk && disk.bus() == Disk.Bus.SCSI;
      if (!needsPort(device)) {
        // What hangs on no PCI Express port can go as it came.
        plugged.put(device.id(), new Plugged(parts.of(device, null), null));
      }
    }
    this.scsi = controller;
  }

  Draft add(QemuDevice device) {
    String id = device.id();
    if (atStart.contains(id) || plugged.containsKey(id)) {
      return ChangePlanner.no(UNSUPPORTED, "there is a device '" + id + "' already");
    }
    if (!isPluggable(device)) {
      return ChangePlanner.no(
          NEEDS_RESTART,
          "a " + device.getClass().getSimpleName() + " can only be there from the start");
    }
    if (machine == MachineType.MICROVM) {
      return ChangePlanner.no(UNSUPPORTED, "microvm cannot have devices plugged");
    }
    if (device instanceof SharedDirectory && !sharedMemory) {
      return ChangePlanner.no(
          NEEDS_RESTART,
          "the machine's memory is not shared; start a machine that shares directories");
    }
    if (device instanceof Disk disk && disk.bus() == Disk.Bus.SCSI && !scsi) {
      return ChangePlanner.no(
          NEEDS_RESTART, "there is no SCSI controller; start with a disk on SCSI");
    }
    @Nullable String port = null;
    if (needsPort(device)) {
      Optional<String> free = freePorts.stream().min(String::compareTo);
      if (free.isEmpty()) {
        return ChangePlanner.no(
            NEEDS_RESTART, "there is no free PCI Express port; start with more pciePorts(...)");
      }
      port = free.get();
    }
    List<QemuItem> all = parts.of(device, port);
    Plugged entry = new Plugged(all, port);
    return new Draft(
        LIVE,
        port == null ? "its bus takes more devices" : port + " is free",
        ItemSteps.adding(all),
        () -> {
          plugged.put(id, entry);
          if (entry.port() != null) {
            freePorts.remove(entry.port());
          }
        });
  }

  Draft remove(String id) {
    Plugged entry = plugged.get(id);
    if (entry == null) {
      return ChangePlanner.no(
          UNSUPPORTED,
          atStart.contains(id)
              ? "'" + id + "' is part of the machine from its start, and its bus cannot release it"
              : "there is no device '" + id + "'");
    }
    return new Draft(
        LIVE,
        "the guest is asked to give it back",
        ItemSteps.removing(entry.parts()),
        () -> {
          plugged.remove(id);
          atStart.remove(id);
          if (entry.port() != null) {
            freePorts.add(entry.port());
          }
        });
  }

  private static boolean isPluggable(QemuDevice device) {
    return device instanceof Disk
        || device instanceof Nic
        || device instanceof EntropySource
        || device instanceof SharedDirectory
        || device instanceof HostDevice;
  }

  /** On PCI Express the root bus takes nothing while the machine runs. */
  private boolean needsPort(QemuDevice device) {
    if (device instanceof Disk disk && disk.bus() == Disk.Bus.SCSI) {
      return false;
    }
    return switch (machine) {
      case Q35, VIRT, RISCV_VIRT, MICROVM -> true;
      case PC, PSERIES, S390_CCW_VIRTIO -> !isPluggable(device);
    };
  }
}
