package io.katajava.qemu.internal;

import io.katajava.Choice;
import io.katajava.qemu.ExtraMonitor;
import io.katajava.qemu.QemuConfig;
import io.katajava.qemu.QemuDebug;
import java.util.ArrayList;
import java.util.List;

/**
 * What lets others than the driver control a machine, as it is described: the extra monitor, and
 * extra arguments that open QEMU or the host. With any of them the machine is untrusted.
 */
final class Openings {
  private Openings() {}

  static List<Choice> of(QemuConfig config) {
    List<Choice> openings = new ArrayList<>();
    config
        .debug()
        .flatMap(QemuDebug::extraMonitor)
        .map(Openings::ofMonitor)
        .ifPresent(openings::add);
    ExtraArguments.all(config.extraArguments(), config.machineOptions()).stream()
        .filter(ExtraArgument::opens)
        .map(ExtraArgument::describe)
        .forEach(openings::add);
    return List.copyOf(openings);
  }

  /** Of a machine that runs already: its own command line counts, not what it should be. */
  static List<Choice> of(List<String> commandLine, QemuSockets sockets) {
    List<Choice> openings = new ArrayList<>();
    for (ExtraMonitor monitor : ExtraMonitor.values()) {
      int option = commandLine.indexOf(monitor.option());
      for (int i = Math.max(option, 0); i + 1 < commandLine.size() && option >= 0; i++) {
        if (commandLine.get(i).equals(monitor.option())
            && commandLine.get(i + 1).contains(sockets.extraMonitor().toString())) {
          openings.add(ofMonitor(monitor));
        }
      }
    }
    ExtraArguments.opening(commandLine).stream()
        .map(ExtraArgument::describe)
        .forEach(openings::add);
    return List.copyOf(openings);
  }

  private static Choice ofMonitor(ExtraMonitor monitor) {
    return new Choice(
        "extra monitor",
        monitor.configurationValue(),
        "the debug section asks for it: this machine is untrusted");
  }
}
