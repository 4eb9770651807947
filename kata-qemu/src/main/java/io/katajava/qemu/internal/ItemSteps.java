package io.katajava.qemu.internal;

import io.katajava.json.JsonCursor;
import io.katajava.qemu.internal.ChangeStep.Command;
import io.katajava.qemu.internal.ChangeStep.Unplug;
import io.katajava.qmp.QmpCommand;
import io.katajava.qmp.command.BlockdevAdd;
import io.katajava.qmp.command.BlockdevDel;
import io.katajava.qmp.command.ChardevAdd;
import io.katajava.qmp.command.ChardevRemove;
import io.katajava.qmp.command.DeviceAdd;
import io.katajava.qmp.command.NetdevAdd;
import io.katajava.qmp.command.NetdevDel;
import io.katajava.qmp.command.ObjectAdd;
import io.katajava.qmp.command.ObjectDel;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Making and removing parts in a running machine. */
final class ItemSteps {
  private ItemSteps() {}

  static List<ChangeStep> adding(List<QemuItem> parts) {
    List<ChangeStep> steps = new ArrayList<>();
    parts.forEach(part -> steps.add(new Command(making(part), removing(part))));
    return steps;
  }

  static QmpCommand<?> making(QemuItem part) {
    JsonCursor arguments = JsonCursor.of(part.toJson(), part.id());
    return switch (part.kind()) {
      case OBJECT -> ObjectAdd.decode(arguments);
      case BLOCKDEV -> BlockdevAdd.decode(arguments);
      case NETDEV -> NetdevAdd.decode(arguments);
      case DEVICE -> DeviceAdd.decode(arguments);
      case CHARDEV -> ChardevAdd.decode(JsonCursor.of(part.toSocketJson(), part.id()));
    };
  }

  static List<ChangeStep> removing(List<QemuItem> parts) {
    List<ChangeStep> steps = new ArrayList<>();
    parts.forEach(part -> steps.add(removing(part)));
    Collections.reverse(steps);
    return steps;
  }

  private static ChangeStep removing(QemuItem part) {
    return switch (part.kind()) {
      case OBJECT -> new Command(new ObjectDel(part.id()), null);
      case BLOCKDEV -> new Command(new BlockdevDel(part.id()), null);
      case NETDEV -> new Command(new NetdevDel(part.id()), null);
      case DEVICE -> new Unplug(part.id(), new Command(making(part), null));
      case CHARDEV -> new Command(new ChardevRemove(part.id()), null);
    };
  }
}
