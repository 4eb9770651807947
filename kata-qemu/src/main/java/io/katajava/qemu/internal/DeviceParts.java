package io.katajava.qemu.internal;

import io.katajava.qemu.device.Balloon;
import io.katajava.qemu.device.Disk;
import io.katajava.qemu.device.EntropySource;
import io.katajava.qemu.device.GenerationId;
import io.katajava.qemu.device.HostDevice;
import io.katajava.qemu.device.Nic;
import io.katajava.qemu.device.NicBackend;
import io.katajava.qemu.device.PanicNotifier;
import io.katajava.qemu.device.PersistentMemory;
import io.katajava.qemu.device.QemuDevice;
import io.katajava.qemu.device.SharedDirectory;
import io.katajava.qemu.device.VhostUserDisk;
import io.katajava.qemu.device.VirtualIommu;
import io.katajava.qemu.device.Vsock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What devices consist of, parts first that others refer to. */
final class DeviceParts {
  /** The controller all SCSI disks share. */
  static final String SCSI_CONTROLLER = "scsi0";

  private static final String IO_THREAD = "iothread";

  private final Transport transport;
  private final int ioThreads;

  DeviceParts(Transport transport, int ioThreads) {
    this.transport = transport;
    this.ioThreads = ioThreads;
  }

  /**
   * The parts of a device.
   *
   * @param bus where it is put, or null to let QEMU choose
   */
  List<QemuItem> of(QemuDevice device, @Nullable String bus) {
    String id = device.id();
    if (device instanceof Disk disk) {
      return disk(disk, bus);
    } else if (device instanceof Nic nic) {
      QemuItem card =
          QemuItem.device(transport.driver("virtio-net"), id).with("netdev", netdev(id));
      nic.mac().ifPresent(mac -> card.with("mac", mac));
      // Without an option ROM nothing can be booted from the network, and nothing shall be.
      return List.of(
          backend(netdev(id), nic.backend()),
          on(bus, transport == Transport.PCI ? card.with("romfile", "") : card));
    } else if (device instanceof EntropySource source) {
      return List.of(
          QemuItem.object("rng-random", "source-" + id).with("filename", source.source()),
          on(bus, QemuItem.device(transport.driver("virtio-rng"), id).with("rng", "source-" + id)));
    } else if (device instanceof Balloon balloon) {
      return List.of(
          on(
              bus,
              QemuItem.device(transport.driver("virtio-balloon"), id)
                  .with("deflate-on-oom", balloon.deflateOnOom())
                  .with("free-page-reporting", balloon.freePageReporting())));
    } else if (device instanceof Vsock vsock) {
      return List.of(
          on(
              bus,
              QemuItem.device(transport.driver("vhost-vsock"), id).with("guest-cid", vsock.cid())));
    } else if (device instanceof HostDevice host) {
      return List.of(on(bus, QemuItem.device("vfio-pci", id).with("host", host.address())));
    } else if (device instanceof SharedDirectory || device instanceof VhostUserDisk) {
      return vhostUser(device, bus);
    } else {
      return onBoard(device);
    }
  }

  private List<QemuItem> disk(Disk disk, @Nullable String bus) {
    // The node's own locking keeps two machines from writing one image.
    QemuItem node =
        QemuItem.blockdev(disk.format().qemuName(), node(disk.id()))
            .with("read-only", disk.readOnly())
            .with("discard", "unmap")
            .with("file", file(disk));
    QemuItem device =
        disk.bus() == Disk.Bus.SCSI
            ? QemuItem.device("scsi-hd", disk.id()).with("bus", SCSI_CONTROLLER + ".0")
            : on(bus, threaded(QemuItem.device(transport.driver("virtio-blk"), disk.id())));
    return List.of(node, device.with("drive", node(disk.id())).with("serial", serial(disk.id())));
  }

  private static Map<String, Object> file(Disk disk) {
    // A set of open files is no device.
    boolean device = disk.image().startsWith("/dev") && !disk.image().startsWith("/dev/fdset");
    Map<String, Object> file = new java.util.LinkedHashMap<>();
    file.put("driver", device ? "host_device" : "file");
    file.put("filename", disk.image().toString());
    return file;
  }

  /** The threads themselves; what uses them comes after. */
  List<QemuItem> ioThreads() {
    List<QemuItem> threads = new ArrayList<>();
    for (int i = 0; i < ioThreads; i++) {
      threads.add(QemuItem.object("iothread", IO_THREAD + i));
    }
    return threads;
  }

  /** By its id, so that a disk that is plugged needs to know of no other. */
  private QemuItem threaded(QemuItem device) {
    return ioThreads == 0
        ? device
        : device.with("iothread", IO_THREAD + Math.floorMod(device.id().hashCode(), ioThreads));
  }

  /** Of a SCSI controller, when a disk wants one. */
  QemuItem scsiController() {
    return threaded(QemuItem.device(transport.driver("virtio-scsi"), SCSI_CONTROLLER));
  }

  private static QemuItem backend(String id, NicBackend backend) {
    if (backend instanceof NicBackend.User user) {
      QemuItem part = QemuItem.netdev("user", id);
      if (user.restricted()) {
        part.with("restrict", true);
      }
      List<Object> forwards = new ArrayList<>();
      user.forwards()
          .forEach(
              port ->
                  forwards.add(
                      Map.of("str", "tcp:127.0.0.1:" + port.hostPort() + "-:" + port.guestPort())));
      return forwards.isEmpty() ? part : part.with("hostfwd", forwards);
    } else if (backend instanceof NicBackend.Tap tap) {
      return QemuItem.netdev("tap", id)
          .with("ifname", tap.interfaceName())
          .with("script", "no")
          .with("downscript", "no")
          .with("vhost", tap.vhost());
    }
    NicBackend.Passt passt = (NicBackend.Passt) backend;
    Map<String, Object> address = new java.util.LinkedHashMap<>();
    address.put("type", "unix");
    address.put("path", passt.socket().toString());
    return QemuItem.netdev("stream", id).with("server", false).with("addr", address);
  }

  private List<QemuItem> vhostUser(QemuDevice device, @Nullable String bus) {
    String chardev = "vhost-" + device.id();
    if (device instanceof SharedDirectory shared) {
      return List.of(
          QemuItem.chardevSocket(chardev, shared.socket()),
          on(bus, QemuItem.device(transport.driver("vhost-user-fs"), shared.id()))
              .with("chardev", chardev)
              .with("tag", shared.tag())
              .with("queue-size", shared.queueSize()));
    }
    VhostUserDisk disk = (VhostUserDisk) device;
    return List.of(
        QemuItem.chardevSocket(chardev, disk.socket()),
        on(bus, QemuItem.device(transport.driver("vhost-user-blk"), disk.id()))
            .with("chardev", chardev));
  }

  /** Devices that sit on no bus of ours. */
  private static List<QemuItem> onBoard(QemuDevice device) {
    String id = device.id();
    if (device instanceof GenerationId generation) {
      return List.of(
          QemuItem.device("vmgenid", id)
              .with("guid", generation.guid().map(Object::toString).orElse("auto")));
    } else if (device instanceof PanicNotifier) {
      return List.of(QemuItem.device("pvpanic", id));
    } else if (device instanceof VirtualIommu) {
      return List.of(
          QemuItem.device("intel-iommu", id)
              .with("intremap", true)
              .with("device-iotlb", true)
              .with("caching-mode", true));
    }
    PersistentMemory memory = (PersistentMemory) device;
    return List.of(
        QemuItem.object("memory-backend-file", "memory-" + id)
            .with("mem-path", memory.image())
            .with("size", memory.size().bytes())
            .with("readonly", memory.readOnly())
            .with("share", !memory.readOnly())
            // QEMU's -mem-prealloc means every backend, and writing to this one would kill QEMU.
            .with("prealloc", false),
        QemuItem.device("nvdimm", id)
            .with("memdev", "memory-" + id)
            .with("unarmed", memory.readOnly()));
  }

  static boolean any(List<QemuDevice> devices, Class<? extends QemuDevice> kind) {
    for (QemuDevice device : devices) {
      if (kind.isInstance(device)) {
        return true;
      }
    }
    return false;
  }

  static boolean anyOnScsi(List<QemuDevice> devices) {
    for (QemuDevice device : devices) {
      if (device instanceof Disk disk && disk.bus() == Disk.Bus.SCSI) {
        return true;
      }
    }
    return false;
  }

  static String node(String id) {
    return "node-" + id;
  }

  static String netdev(String id) {
    return "net-" + id;
  }

  /** virtio-blk takes 20 bytes. */
  private static String serial(String id) {
    return id.length() <= 20 ? id : id.substring(0, 20);
  }

  private static QemuItem on(@Nullable String bus, QemuItem part) {
    return bus == null ? part : part.with("bus", bus);
  }
}
