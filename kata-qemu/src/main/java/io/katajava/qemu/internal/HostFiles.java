package io.katajava.qemu.internal;

import io.katajava.qemu.MemoryBackend;
import io.katajava.qemu.QemuConfig;
import io.katajava.qemu.device.Disk;
import io.katajava.qemu.device.EntropySource;
import io.katajava.qemu.device.HostDevice;
import io.katajava.qemu.device.Nic;
import io.katajava.qemu.device.NicBackend;
import io.katajava.qemu.device.PersistentMemory;
import io.katajava.qemu.device.QemuDevice;
import io.katajava.qemu.device.SharedDirectory;
import io.katajava.qemu.device.VhostUserDisk;
import io.katajava.qemu.device.Vsock;
import io.katajava.qemu.internal.RunAs.Access;
import io.katajava.spi.NicSpec;
import io.katajava.spi.VmSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What QEMU opens on the host, beyond the sandbox's own directory. */
final class HostFiles {
  private final List<Access> files = new ArrayList<>();

  private HostFiles() {}

  static List<Access> of(QemuConfig config, VmSpec spec, Path binary) {
    return of(config, spec, binary, null);
  }

  /** With a memory file that QEMU's user is given rights on: only the way to it must be open. */
  static List<Access> of(
      QemuConfig config, VmSpec spec, Path binary, @Nullable SharedMemoryFile memory) {
    HostFiles all = new HostFiles();
    all.read(binary);
    if (memory != null) {
      all.read(memory.directory());
    }
    all.read(spec.guest().kernel());
    spec.guest().initrd().ifPresent(all::read);
    config.firmware().ifPresent(all::read);
    if (memory == null) {
      all.memory(config.memoryLayout().backend());
    }
    config.devices().forEach(all::device);
    spec.network().nics().forEach(all::nic);
    return all.files;
  }

  private void memory(MemoryBackend backend) {
    if (backend instanceof MemoryBackend.MappedFile file) {
      add(file.path(), file.isShared());
    } else if (backend instanceof MemoryBackend.HugePages pages) {
      add(pages.mount(), true);
    }
  }

  private void device(QemuDevice device) {
    if (device instanceof Disk disk) {
      add(disk.image(), !disk.readOnly());
    } else if (device instanceof EntropySource source) {
      read(source.source());
    } else if (device instanceof PersistentMemory memory) {
      add(memory.image(), !memory.readOnly());
    } else if (device instanceof SharedDirectory shared) {
      add(shared.socket(), true);
    } else if (device instanceof VhostUserDisk disk) {
      add(disk.socket(), true);
    } else if (device instanceof Vsock) {
      add(Path.of("/dev/vhost-vsock"), true);
    } else if (device instanceof HostDevice) {
      add(Path.of("/dev/vfio/vfio"), true);
    } else if (device instanceof Nic nic) {
      if (nic.backend() instanceof NicBackend.Tap) {
        // An interface opens only to its owner, whoever may open the device.
        add(Path.of("/sys/class/net"), true);
      } else if (nic.backend() instanceof NicBackend.Passt passt) {
        add(passt.socket(), true);
      }
    }
  }

  /** A socket is in the sandbox's own directory and handed over with it. */
  private void nic(NicSpec nic) {
    if (nic.attachment() instanceof NicSpec.Tap tap) {
      if (tap.group().isPresent()) {
        add(Path.of("/dev/net/tun"), true);
      } else {
        device(SandboxNics.of(nic));
      }
    }
  }

  private void read(Path file) {
    add(file, false);
  }

  private void add(Path file, boolean write) {
    files.add(new Access(file, write));
  }
}
