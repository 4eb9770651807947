package io.katajava.qemu.internal;

import io.katajava.qemu.internal.Step.Command;
import io.katajava.qemu.internal.Step.Unplug;
import io.katajava.qemu.qmp.command.BlockdevDel;
import io.katajava.qemu.qmp.command.NetdevDel;
import io.katajava.qemu.qmp.command.ObjectDel;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Making and removing parts in a running machine. */
final class PartSteps {
  private PartSteps() {}

  static List<Step> adding(List<Part> parts) {
    List<Step> steps = new ArrayList<>();
    parts.forEach(part -> steps.add(new Command(part.toCommand(), removing(part))));
    return steps;
  }

  static List<Step> removing(List<Part> parts) {
    List<Step> steps = new ArrayList<>();
    parts.forEach(part -> steps.add(removing(part)));
    Collections.reverse(steps);
    return steps;
  }

  private static Step removing(Part part) {
    return switch (part.kind()) {
      case OBJECT -> new Command(new ObjectDel(part.id()), null);
      case BLOCKDEV -> new Command(new BlockdevDel(part.id()), null);
      case NETDEV -> new Command(new NetdevDel(part.id()), null);
      case DEVICE -> new Unplug(part.id());
      case CHARDEV ->
          throw new IllegalStateException("character devices are not unplugged: " + part);
    };
  }
}
