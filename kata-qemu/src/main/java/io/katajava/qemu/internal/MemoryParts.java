package io.katajava.qemu.internal;

import io.katajava.MemorySize;
import io.katajava.qemu.MemoryBackend;
import io.katajava.qemu.MemoryLayout;
import io.katajava.qemu.NumaNode;
import io.katajava.qemu.QemuConfig;
import io.katajava.qemu.device.SharedDirectory;
import io.katajava.qemu.device.VhostUserDisk;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;

/** A guest's memory as options. */
final class MemoryParts {
  /** The resizable device, when the layout has one. */
  static final String VIRTIO_MEM = "virtiomem0";

  private static final String MAIN = "ram0";

  private final MemoryLayout layout;
  private final MemorySize size;
  private final boolean shared;
  private final boolean named;
  private final boolean readOnly;

  /**
   * Prepares.
   *
   * @param named whether the memory is called as it is when it has a backend, though it has none: a
   *     saved machine finds its memory again by that name
   * @param shares whether directories will be shared, by processes that map it
   */
  MemoryParts(QemuConfig config, MemorySize size, boolean named, boolean shares) {
    this(config, size, named, shares, false);
  }

  /**
   * Prepares.
   *
   * @param readOnly whether this QEMU can open a file for reading only that it maps copy-on-write
   */
  MemoryParts(QemuConfig config, MemorySize size, boolean named, boolean shares, boolean readOnly) {
    this.readOnly = readOnly;
    this.named = named;
    this.layout = config.memoryLayout();
    this.size = size;
    this.shared =
        shares
            || DeviceParts.any(config.devices(), SharedDirectory.class)
            || DeviceParts.any(config.devices(), VhostUserDisk.class);
  }

  /** Whether other processes may map it. */
  boolean isShared() {
    return shared;
  }

  /** The value of {@code -m}. */
  String value() {
    String text = size.toMebibytes() + "M";
    return layout
        .maximum()
        .filter(maximum -> maximum.compareTo(size) > 0)
        .map(
            maximum ->
                text
                    + (layout.slots() > 0 ? ",slots=" + layout.slots() : "")
                    + ",maxmem="
                    + maximum.toMebibytes()
                    + "M")
        .orElse(text);
  }

  /** What is added to {@code -machine}; empty when QEMU's own memory will do. */
  String machineMember() {
    return needsBackend() && layout.nodes().isEmpty() ? ",memory-backend=" + MAIN : "";
  }

  private boolean needsBackend() {
    return named || shared || !(layout.backend() instanceof MemoryBackend.Anonymous);
  }

  List<String> options() {
    List<String> line = new ArrayList<>();
    if (layout.nodes().isEmpty()) {
      if (needsBackend()) {
        line.addAll(backend(MAIN, size).toOption());
      }
      return line;
    }
    for (int i = 0; i < layout.nodes().size(); i++) {
      NumaNode node = layout.nodes().get(i);
      QemuItem part = backend("ram" + i, node.memory());
      node.hostNode()
          .ifPresent(host -> part.with("host-nodes", List.of(host)).with("policy", "bind"));
      line.addAll(part.toOption());
      line.add("-numa");
      line.add(
          "node,nodeid="
              + i
              + ",cpus="
              + node.firstCpu()
              + "-"
              + node.lastCpu()
              + ",memdev=ram"
              + i);
    }
    return line;
  }

  /** A backend of the layout's kind, for the start and for what is plugged. */
  QemuItem backend(String id, MemorySize bytes) {
    MemoryBackend kind = layout.backend();
    if (kind instanceof MemoryBackend.MappedFile file) {
      boolean written = file.isShared() || shared;
      QemuItem part =
          QemuItem.object("memory-backend-file", id)
              .with("size", bytes.bytes())
              .with("mem-path", file.path())
              .with("share", written);
      // In a directory QEMU makes the file itself.
      return readOnly && !written && !Files.isDirectory(file.path())
          ? part.with("readonly", true).with("rom", "off")
          : part;
    } else if (kind instanceof MemoryBackend.HugePages pages) {
      return QemuItem.object("memory-backend-file", id)
          .with("size", bytes.bytes())
          .with("mem-path", pages.mount())
          .with("share", pages.isShared() || shared)
          .with("prealloc", true);
    } else if (kind instanceof MemoryBackend.Memfd || shared) {
      return QemuItem.object("memory-backend-memfd", id)
          .with("size", bytes.bytes())
          .with("share", true);
    }
    return QemuItem.object("memory-backend-ram", id).with("size", bytes.bytes());
  }

  /**
   * A backend for memory that is plugged: a file is the memory of the start and of nothing else.
   */
  QemuItem pluggedBackend(String id, MemorySize bytes) {
    return layout.backend() instanceof MemoryBackend.MappedFile file
            && !Files.isDirectory(file.path())
        ? QemuItem.object("memory-backend-ram", id).with("size", bytes.bytes())
        : backend(id, bytes);
  }

  /** The room up to the maximum as one device, empty at first. */
  List<QemuItem> resizable(Transport transport) {
    if (!layout.resizable()) {
      return List.of();
    }
    MemorySize room = MemorySize.bytes(layout.maximum().orElse(size).bytes() - size.bytes());
    if (room.bytes() == 0) {
      return List.of();
    }
    return List.of(
        pluggedBackend("ram-" + VIRTIO_MEM, room),
        QemuItem.device(transport.driver("virtio-mem"), VIRTIO_MEM)
            .with("memdev", "ram-" + VIRTIO_MEM)
            .with("requested-size", 0));
  }
}
