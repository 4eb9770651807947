package io.katajava.internal.container;

import io.katajava.ContainerSpec;
import io.katajava.agent.oci.OciMount;
import io.katajava.base.text.PrintableText;
import io.katajava.spi.Rootfs;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The volumes an image declares. A container's writable layer is its own already, so they are
 * directories of it, mounted where they are: there when the image has none, with what the image has
 * in them, writable also under a read-only root, in the writable layer's place and within its
 * limit, and gone with the container.
 */
final class ImageVolumes {
  private static final Logger log = LoggerFactory.getLogger(ImageVolumes.class);

  private ImageVolumes() {}

  /**
   * Mounts of the volumes that the container has nothing else for. Their sources lie in the root
   * filesystem: an agent must look for them there without following links out of it, as ours does.
   */
  static List<OciMount> mounts(Rootfs rootfs, ContainerSpec spec) {
    TreeSet<Path> declared = new TreeSet<>();
    for (String text : rootfs.config().volumes()) {
      Path path = Path.of(text.replace("\0", "")).normalize();
      if (!text.startsWith("/") || path.getNameCount() == 0 || text.contains("\0")) {
        log.warn(
            "container {}: the image's volume '{}' is ignored, because it is not an absolute path"
                + " below the root",
            spec.name(),
            PrintableText.line(text));
      } else {
        declared.add(path);
      }
    }
    List<Path> others = others(spec);
    List<OciMount> mounts = new ArrayList<>();
    for (Path path : declared) {
      if (others.stream().noneMatch(path::startsWith)) {
        mounts.add(OciMount.of(path.toString(), "bind", rootfs.path() + path, "rbind", "rw"));
      }
    }
    return mounts;
  }

  /** Where something is mounted anyway; what lies there or below is that thing's. */
  private static List<Path> others(ContainerSpec spec) {
    List<Path> others = new ArrayList<>();
    OciDefaults.MOUNTS.forEach(mount -> others.add(Path.of(mount.destination())));
    spec.files().mounts().forEach(mount -> others.add(Path.of(mount.destination())));
    spec.files().emptyDirectories().forEach(directory -> others.add(Path.of(directory.path())));
    spec.files().volumes().keySet().forEach(path -> others.add(Path.of(path)));
    return others.stream().map(Path::normalize).toList();
  }
}
