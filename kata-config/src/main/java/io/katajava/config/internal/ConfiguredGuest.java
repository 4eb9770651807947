package io.katajava.config.internal;

import io.katajava.Choice;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.MemorySize;
import io.katajava.config.HypervisorSection;
import io.katajava.qemu.MachineType;
import io.katajava.qemu.device.Disk;
import io.katajava.qemu.device.PersistentMemory;
import io.katajava.qemu.device.QemuDevice;
import io.katajava.spi.GuestAssets;
import io.katajava.spi.GuestProvider;
import io.katajava.spi.GuestRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The guest a configuration names: a kernel with an initrd, or with an image attached as its root.
 *
 * @param kernel the kernel
 * @param initrd the initrd, when it is one
 * @param disk the image's device, when it is one
 * @param parameters what the kernel needs to find its root
 */
public record ConfiguredGuest(
    Path kernel, @Nullable Path initrd, Optional<QemuDevice> disk, List<String> parameters)
    implements GuestProvider {
  /** Kata's usual kernel, for configurations that name none. */
  static final Path USUAL_KERNEL = Path.of("/usr/share/kata-containers/vmlinuz.container");

  private static final String DISK = "image0";
  private static final MemorySize BLOCK = MemorySize.mebibytes(2);

  /**
   * Makes the guest.
   *
   * @param hypervisor what is set
   * @param machine the machine it runs in
   * @param choices is told what was decided
   * @return the guest, or null when the configuration names none
   */
  static @Nullable ConfiguredGuest of(
      HypervisorSection hypervisor, MachineType machine, List<Choice> choices) {
    if (hypervisor.kernel().isEmpty()
        && hypervisor.image().isEmpty()
        && hypervisor.initrd().isEmpty()) {
      choices.add(
          new Choice("guest", "that of the class path", "neither kernel, image nor initrd is set"));
      return null;
    }
    Path kernel = hypervisor.kernel().orElse(USUAL_KERNEL);
    return hypervisor
        .image()
        .map(image -> ofImage(hypervisor, machine, kernel, image, choices))
        .orElseGet(
            () ->
                new ConfiguredGuest(
                    kernel, hypervisor.initrd().orElse(null), Optional.empty(), List.of()));
  }

  private static ConfiguredGuest ofImage(
      HypervisorSection hypervisor,
      MachineType machine,
      Path kernel,
      Path image,
      List<Choice> choices) {
    QemuDevice disk = disk(hypervisor, machine, image.toAbsolutePath(), choices);
    List<String> parameters =
        new ArrayList<>(
            RootParameters.of(rootDevice(disk), hypervisor, machine == MachineType.Q35));
    parameters.addAll(
        List.of(
            "systemd.unit=kata-containers.target",
            "systemd.mask=systemd-networkd.service",
            "systemd.mask=systemd-networkd.socket"));
    return new ConfiguredGuest(kernel, null, Optional.of(disk), List.copyOf(parameters));
  }

  private static QemuDevice disk(
      HypervisorSection hypervisor, MachineType machine, Path image, List<Choice> choices) {
    String driver = hypervisor.string("vm_rootfs_driver").orElse("");
    boolean usual = machine == MachineType.Q35 || machine == MachineType.VIRT;
    boolean persistent =
        driver.isEmpty()
            ? usual && !hypervisor.flag("disable_image_nvdimm")
            : driver.equals("virtio-pmem") && usual;
    if (persistent) {
      MemorySize size = size(image);
      if (size.bytes() > 0 && size.isMultipleOf(BLOCK)) {
        choices.add(
            new Choice(
                "image",
                "persistent memory",
                driver.isEmpty() ? "disable_image_nvdimm is not set" : "vm_rootfs_driver"));
        return new PersistentMemory(DISK, image, size, true);
      }
      choices.add(
          new Choice("image", "a disk", "its size, " + size + ", is not a multiple of " + BLOCK));
      return Disk.raw(DISK, image).asReadOnly();
    }
    Disk disk = Disk.raw(DISK, image).asReadOnly();
    choices.add(
        new Choice(
            "image", "a disk", driver.isEmpty() ? "disable_image_nvdimm" : "vm_rootfs_driver"));
    return driver.equals("virtio-scsi") ? disk.onScsi() : disk;
  }

  private static String rootDevice(QemuDevice disk) {
    if (disk instanceof PersistentMemory) {
      return "/dev/pmem0p";
    }
    return disk instanceof Disk one && one.bus() == Disk.Bus.SCSI ? "/dev/sda" : "/dev/vda";
  }

  private static MemorySize size(Path file) {
    try {
      return MemorySize.bytes(Files.size(file));
    } catch (IOException e) {
      return MemorySize.bytes(0);
    }
  }

  /** Whether its image needs room above the guest's memory. */
  boolean needsMemorySlots() {
    return disk.filter(PersistentMemory.class::isInstance).isPresent();
  }

  /**
   * What is booted.
   *
   * @return kernel, initrd and parameters
   */
  public GuestAssets assets() {
    return new GuestAssets(
        kernel,
        Optional.ofNullable(initrd),
        parameters,
        GuestAssets.DEFAULT_AGENT_PORT,
        Map.of(),
        Optional.empty(),
        Map.of(),
        "configured:" + identity(kernel) + (initrd == null ? "" : ":" + identity(initrd)),
        List.of(new Choice("guest", kernel.toString(), "the configuration names it")));
  }

  private static String identity(Path file) {
    try {
      return file + "@" + Files.size(file) + "@" + Files.getLastModifiedTime(file).toMillis();
    } catch (IOException e) {
      return file.toString();
    }
  }

  @Override
  public GuestAssets provide(GuestRequest request) {
    for (Path file : initrd == null ? List.of(kernel) : List.of(kernel, initrd)) {
      if (!Files.isReadable(file)) {
        throw new KataException(
            ErrorCode.KERNEL_NOT_FOUND,
            "the configuration's guest file " + file + " cannot be read");
      }
    }
    return assets();
  }
}
