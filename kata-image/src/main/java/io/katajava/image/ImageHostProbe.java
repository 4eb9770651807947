package io.katajava.image;

import io.katajava.HostFact;
import io.katajava.HostFinding;
import io.katajava.image.internal.SquashfsTool;
import io.katajava.spi.HostProbe;
import io.katajava.spi.HostView;
import java.util.List;

/**
 * The part of the host check about images: whether the tool that makes disks of them is installed.
 * Sandboxes with the guest's built-in root filesystem need none.
 */
public final class ImageHostProbe implements HostProbe {
  private static final String GROUP = "image";
  private static final String NAME = "squashfs";

  /** Made by {@link java.util.ServiceLoader}. */
  public ImageHostProbe() {}

  @Override
  public String name() {
    return GROUP;
  }

  @Override
  public List<HostFinding> check(HostView host) {
    for (String program : SquashfsTool.PROGRAMS) {
      var found = host.program(program);
      if (found.isPresent()) {
        return List.of(HostFinding.passed(GROUP, NAME, found.get().toString()));
      }
    }
    return List.of(
        HostFinding.warned(
            GROUP,
            NAME,
            "neither "
                + String.join(" nor ", SquashfsTool.PROGRAMS)
                + " is installed: images cannot be made into disks for guests",
            "Install squashfs-tools 4.5 or newer, or squashfs-tools-ng"));
  }

  @Override
  public List<HostFact> facts(HostView host) {
    return List.of();
  }
}
