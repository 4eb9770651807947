package io.katajava.qemu.internal;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.qemu.internal.ExtraArgument.Effect;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The gate for what is put on QEMU's command line as it is: the same door that the extra monitor
 * has to go through. What opens QEMU or the host to others needs debug, and so does what is unknown
 * here: the next QEMU's new option may open anything, and nobody would have noticed.
 */
public final class ExtraArguments {
  private static final Pattern OPTION = Pattern.compile("--?[A-Za-z].*", Pattern.DOTALL);

  private ExtraArguments() {}

  /**
   * Reads arguments as QEMU does: {@code --name} is {@code -name}, and what stands alone is a disk.
   *
   * @param arguments options and their values
   * @return one entry for each option
   */
  public static List<ExtraArgument> of(List<String> arguments) {
    List<ExtraArgument> found = new ArrayList<>();
    int i = 0;
    while (i < arguments.size()) {
      String argument = arguments.get(i++);
      if (!argument.startsWith("-")) {
        found.add(
            ExtraArgument.of(
                argument, Effect.OPENS, "it is not an option, so QEMU takes it for a disk"));
        continue;
      }
      String name = argument.substring(argument.startsWith("--") ? 2 : 1);
      Optional<QemuOption> option = QemuOption.of(name);
      if (option.isEmpty()) {
        found.add(
            ExtraArgument.of(
                argument, Effect.OPENS, "it is not known to this library and may open anything"));
      } else if (!option.get().hasValue()) {
        found.add(judged(argument, option.get().reach(), new OptionMembers(List.of())));
      } else if (i == arguments.size()) {
        found.add(ExtraArgument.of(argument, Effect.OPENS, "its value is missing"));
      } else {
        found.add(of(argument, option.get().reach(), arguments.get(i++)));
      }
    }
    return List.copyOf(found);
  }

  private static ExtraArgument of(String option, QemuOption.Reach reach, String value) {
    // Another version of QEMU may take it for an option of its own.
    if (OPTION.matcher(value).matches()) {
      return ExtraArgument.of(
          option + " " + value, Effect.OPENS, "its value looks like another option");
    }
    Optional<OptionMembers> members = OptionMembers.of(value);
    if (members.isEmpty()) {
      return ExtraArgument.of(option, Effect.OPENS, "its value is not valid JSON");
    }
    return judged(ExtraArgument.text(option, members.get()), reach, members.get());
  }

  private static ExtraArgument judged(String text, QemuOption.Reach reach, OptionMembers members) {
    Optional<String> why =
        switch (reach) {
          case GUEST -> Optional.empty();
          case INSIDE -> HostReach.deviceAmong(members);
          case DEVICE -> HostReach.ofDevice(members);
          case OBJECT -> HostReach.ofObject(members);
          case DEFAULT -> HostReach.ofDefault(members);
          case MACHINE -> HostReach.ofMachine(members);
          case ACCELERATOR ->
              members.first("accel").allMatch(name -> name.matches("kvm|tcg|hvf|mshv|nitro|whpx"))
                  ? HostReach.deviceAmong(members)
                  : Optional.of("it is not an accelerator of a machine");
          default -> Optional.of(reach.why());
        };
    return why.map(
            reason ->
                ExtraArgument.of(
                    text, reach == QemuOption.Reach.ESCAPE ? Effect.ESCAPES : Effect.OPENS, reason))
        .orElseGet(() -> HostReach.inside(text, members));
  }

  /**
   * Reads members of {@code -machine}.
   *
   * @param options name and value each
   * @return one entry for each
   */
  public static List<ExtraArgument> ofMachine(List<String> options) {
    List<ExtraArgument> found = new ArrayList<>();
    for (String option : options) {
      OptionMembers members = OptionMembers.of("," + option).orElseThrow();
      Optional<String> why = HostReach.ofMachine(members);
      found.add(
          new ExtraArgument(
              ExtraArgument.MACHINE_OPTION,
              option,
              why.isPresent() ? Effect.OPENS : Effect.INSIDE,
              why.orElse("it stays inside the machine")));
    }
    return List.copyOf(found);
  }

  /**
   * Refuses what must not be there.
   *
   * @param arguments options and their values
   * @param machineOptions members of {@code -machine}
   * @param debug whether the debug section lets pass what opens QEMU or the host
   * @throws KataException with {@link ErrorCode#INVALID_CONFIGURATION}, naming everything refused
   */
  public static void check(List<String> arguments, List<String> machineOptions, boolean debug) {
    List<String> refused = new ArrayList<>();
    boolean debugWouldDo = true;
    for (ExtraArgument extra : all(arguments, machineOptions)) {
      boolean escapes = extra.effect() == Effect.ESCAPES;
      if (escapes || (extra.opens() && !debug)) {
        refused.add("'" + extra.text() + "': " + extra.why());
        debugWouldDo &= !escapes;
      }
    }
    if (!refused.isEmpty()) {
      throw new KataException(
          ErrorCode.INVALID_CONFIGURATION,
          "QEMU is not started with " + String.join("; nor with ", refused),
          Details.none()
              .withRemedy(
                  debugWouldDo
                      ? "Leave it out, or turn debug on with debug(...): the machine is untrusted"
                          + " then"
                      : "Leave it out"));
    }
  }

  /** All that a configuration brings beyond what the driver writes itself. */
  static List<ExtraArgument> all(List<String> arguments, List<String> machineOptions) {
    List<ExtraArgument> all = new ArrayList<>(ofMachine(machineOptions));
    all.addAll(of(arguments));
    return all;
  }

  /** What makes a running machine untrusted, read off its command line. */
  static List<ExtraArgument> opening(List<String> line) {
    List<ExtraArgument> opening = new ArrayList<>();
    int machine = line.indexOf("-machine");
    if (machine >= 0 && machine + 1 < line.size()) {
      OptionMembers.of(line.get(machine + 1))
          .flatMap(HostReach::ofMachine)
          .ifPresent(
              why ->
                  opening.add(
                      new ExtraArgument(
                          ExtraArgument.MACHINE_OPTION, line.get(machine + 1), Effect.OPENS, why)));
    }
    // The driver's own end with what the guest begins with: its kernel's parameters, or a state.
    for (int i = 0; i + 1 < line.size(); i++) {
      if (line.get(i).equals("-append") || line.get(i).equals("-incoming")) {
        of(line.subList(i + 2, line.size())).stream()
            .filter(ExtraArgument::opens)
            .forEach(opening::add);
        break;
      }
    }
    return List.copyOf(opening);
  }
}
