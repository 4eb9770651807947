package io.katajava.internal.container;

import io.katajava.ContainerFiles.Owner;
import io.katajava.ContainerSpec;
import io.katajava.Volume;
import io.katajava.WritableLayer;
import io.katajava.internal.disk.Ext4;
import io.katajava.internal.disk.ScratchDisk;
import io.katajava.internal.ledger.SandboxIds;
import io.katajava.internal.link.AgentPaths;
import io.katajava.spi.Rootfs;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a container has on filesystems of its own besides its image: its writable layer, and volumes
 * on disks. Closed once the disks are plugged in.
 */
final class ContainerDisks implements AutoCloseable {
  private static final String UPPER = "/upper";
  private static final String WORK = "/work";

  /** A disk's id has at most 20 characters. */
  private static final int ID_DIGITS = 16;

  private final List<Rootfs.Disk> disks = new ArrayList<>();
  private final List<Rootfs.Mount> volumes = new ArrayList<>();
  private final WritableLayer layer;
  private final String layerAt;
  private @Nullable ScratchDisk scratch;
  private Rootfs.@Nullable Mount layerMount;

  /** Makes the images that are not there. */
  ContainerDisks(String containerId, ContainerSpec spec, RootfsSources sources) {
    this.layer = spec.files().writableLayer();
    this.layerAt = AgentPaths.layer(containerId);
    Map<String, Rootfs.Disk> all = new LinkedHashMap<>();
    for (Volume volume : spec.files().volumes().values()) {
      if (volume instanceof Volume.NamedDisk named) {
        Path image = sources.disks().findOrMake(named, named.owner().or(() -> numericUser(spec)));
        add(all, new Rootfs.Disk(id(named), image, named.isWritable()), Ext4.NAME);
      } else if (volume instanceof Volume.DiskImage file) {
        add(all, new Rootfs.Disk(id(file), file.image(), file.isWritable()), file.filesystem());
      }
    }
    disks.addAll(all.values());
    makeLayer(sources);
  }

  /** The container's user where the host can tell its numbers, which are then those of the disk. */
  private static Optional<Owner> numericUser(ContainerSpec spec) {
    String user = spec.process().user().orElse("");
    if (spec.kernel().idMappings().isPresent() || !user.matches("\\d{1,9}(:\\d{1,9})?")) {
      return Optional.empty();
    }
    String[] numbers = user.split(":", 2);
    int uid = Integer.parseInt(numbers[0]);
    return Optional.of(new Owner(uid, numbers.length > 1 ? Integer.parseInt(numbers[1]) : uid));
  }

  private void add(Map<String, Rootfs.Disk> all, Rootfs.Disk disk, String filesystem) {
    if (all.putIfAbsent(disk.id(), disk) == null) {
      volumes.add(
          new Rootfs.Mount(
              "blk",
              disk.source(),
              filesystem,
              disk.isWritable() ? List.of() : List.of("ro"),
              AgentPaths.disk(disk.id())));
    }
  }

  /** The same in every JVM, so that one that attaches to the sandbox finds the disk again. */
  private static String id(Volume.NamedDisk disk) {
    return id("name " + disk.name());
  }

  private static String id(Volume.DiskImage disk) {
    return id("path " + disk.image());
  }

  private static String id(String what) {
    UUID digest = UUID.nameUUIDFromBytes(what.getBytes(StandardCharsets.UTF_8));
    return "v" + digest.toString().replace("-", "").substring(0, ID_DIGITS);
  }

  /** Where in the guest a volume's disk is mounted; empty for a volume that is on none. */
  static Optional<String> mountPoint(Volume volume) {
    if (volume instanceof Volume.NamedDisk named) {
      return Optional.of(AgentPaths.disk(id(named)));
    }
    return volume instanceof Volume.DiskImage file
        ? Optional.of(AgentPaths.disk(id(file)))
        : Optional.empty();
  }

  private void makeLayer(RootfsSources sources) {
    if (layer instanceof WritableLayer.OnDisk disk) {
      ScratchDisk made = ScratchDisk.make(sources.cacheDirectory(), disk.size(), sources.drafts());
      Rootfs.Disk plugged = new Rootfs.Disk("w" + SandboxIds.next(), made.image(), true);
      scratch = made;
      disks.add(plugged);
      layerMount = new Rootfs.Mount("blk", plugged.source(), Ext4.NAME, List.of(), layerAt);
    } else if (layer instanceof WritableLayer.InMemory memory && memory.limit().isPresent()) {
      layerMount =
          new Rootfs.Mount(
              "ephemeral",
              "tmpfs",
              "tmpfs",
              List.of("size=" + memory.limit().get().bytes()),
              layerAt);
    }
  }

  /** The image's root filesystem with all of it. */
  Rootfs addTo(Rootfs image) {
    Rootfs.Mount own = layerMount;
    if (own == null) {
      return image.with(disks, volumes);
    }
    List<Rootfs.Mount> storages = new ArrayList<>();
    for (Rootfs.Mount mount : image.storages()) {
      if (mount.options().contains(AgentPaths.OVERLAY_WRITABLE)) {
        storages.add(own);
        storages.add(over(mount));
      } else {
        storages.add(mount);
      }
    }
    return new Rootfs(
            image.path(),
            image.disks(),
            storages,
            image.config(),
            image.description() + ", that layer " + describe())
        .with(disks, volumes);
  }

  /** Upper and work directories are ours instead of the agent's. */
  private Rootfs.Mount over(Rootfs.Mount overlay) {
    List<String> options = new ArrayList<>(overlay.options());
    options.remove(AgentPaths.OVERLAY_WRITABLE);
    options.add("upperdir=" + layerAt + UPPER);
    options.add("workdir=" + layerAt + WORK);
    return new Rootfs.Mount(
        overlay.driver(),
        overlay.source(),
        overlay.fstype(),
        options,
        overlay.mountPoint(),
        List.of(
            AgentPaths.OVERLAY_DIRECTORY + layerAt + UPPER,
            AgentPaths.OVERLAY_DIRECTORY + layerAt + WORK));
  }

  private String describe() {
    return layer instanceof WritableLayer.OnDisk disk
        ? "on a disk of " + disk.size()
        : "of at most " + ((WritableLayer.InMemory) layer).limit().orElseThrow();
  }

  @Override
  public void close() {
    ScratchDisk made = scratch;
    if (made != null) {
      made.close();
    }
  }
}
