package io.katajava.qemu.internal;

import io.katajava.qemu.internal.ExtraArgument.Effect;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What members of {@code -device}, {@code -object}, {@code -machine} and their like open on the
 * host. Each answer is a clause that begins with "it"; empty when it is nothing.
 */
final class HostReach {
  private static final String FILE = "it names the host's file ";

  /**
   * Drivers that hand a device, a directory or a process of the host to the guest. The rest are
   * emulated, or get what they lead to from a member.
   */
  private static final Pattern HOST_DRIVER =
      Pattern.compile(
          "vfio|(?<!pci|pci-)host|passthru|redir|emulated|proxy|remote|ivshmem|-mtp|braille|9p|xen"
              + "|debugcon");

  /** Members that lead out of QEMU, whatever the device. */
  private static final Pattern HOST_MEMBER =
      Pattern.compile(
          "chardev.*|.*fds?|host(bus|addr|port|device)?|.*socket.*|.*evdev|rootdir|sysfsdev|dir");

  /** Objects that open nothing. Others may, today or in the next QEMU: there are monitors, too. */
  private static final Set<String> INNER_OBJECTS =
      Set.of(
          "iothread",
          "main-loop",
          "memory-backend-memfd",
          "memory-backend-ram",
          "rng-builtin",
          "thread-context",
          "throttle-group");

  /** Members of {@code -machine} that read or write files, or run something else than the guest. */
  private static final Set<String> FILE_MEMBERS =
      Set.of("dtb", "dumpdtb", "firmware", "initrd", "kernel");

  private HostReach() {}

  static Optional<String> ofDevice(OptionMembers members) {
    Optional<String> driver =
        members
            .first("driver")
            .filter(name -> HOST_DRIVER.matcher(name).find())
            .map(name -> "it gives the guest a device of the host (" + name + ")")
            .findFirst();
    return driver.or(
        () -> members.all().stream().flatMap(member -> ofMember(member).stream()).findFirst());
  }

  private static Optional<String> ofMember(OptionMembers.Member member) {
    if (HOST_MEMBER.matcher(member.name()).matches()) {
      return Optional.of("it leads out of QEMU by its " + member.name());
    }
    return isDevice(member.value())
        ? Optional.of("it opens a device of the host, " + member.value())
        : Optional.empty();
  }

  static Optional<String> ofObject(OptionMembers members) {
    return members
        .first("qom-type")
        .filter(type -> !INNER_OBJECTS.contains(type))
        .map(type -> "it makes an object that may open the host or QEMU to others (" + type + ")")
        .findFirst()
        .or(() -> deviceAmong(members));
  }

  /** Of {@code driver.member=value} or {@code driver=…,property=…,value=…}. */
  static Optional<String> ofDefault(OptionMembers members) {
    for (OptionMembers.Member member : members.all()) {
      int dot = member.name().indexOf('.');
      boolean longForm = member.name().equals("property");
      String driver = dot < 0 ? member.value() : member.name().substring(0, dot);
      String name = longForm ? member.value() : member.name().substring(dot + 1);
      boolean names = dot >= 0 || member.name().equals("driver");
      if ((names && HOST_DRIVER.matcher(driver).find())
          || ((dot >= 0 || longForm) && HOST_MEMBER.matcher(name).matches())) {
        return Optional.of("it leads a device out of QEMU (" + driver + " " + name + ")");
      }
    }
    return deviceAmong(members);
  }

  /** Of {@code -machine}; QEMU takes an underscore for a dash there. */
  static Optional<String> ofMachine(OptionMembers members) {
    for (OptionMembers.Member member : members.all()) {
      String name = member.name().replace('_', '-');
      if (FILE_MEMBERS.contains(name) || name.startsWith("pflash")) {
        return Optional.of("it has QEMU open a file of the host by its " + name);
      }
    }
    return members.all().stream()
        .filter(member -> member.value().contains("/"))
        .map(member -> "it has QEMU open a file of the host by its " + member.name())
        .findFirst();
  }

  /** Of options that name plain files: a device among them. */
  static Optional<String> deviceAmong(OptionMembers members) {
    return members.all().stream()
        .map(OptionMembers.Member::value)
        .filter(HostReach::isDevice)
        .map(value -> "it opens a device of the host, " + value)
        .findFirst();
  }

  /** What is said of an option that opens no device. */
  static ExtraArgument inside(String text, OptionMembers members) {
    return ExtraArgument.of(
        text,
        Effect.INSIDE,
        members.all().stream()
            .map(OptionMembers.Member::value)
            .filter(value -> value.startsWith("/"))
            .map(value -> FILE + value)
            .findFirst()
            .orElse("it stays inside the machine"));
  }

  /** A path to anything but a plain file or directory; one that is not there yet is plain. */
  private static boolean isDevice(String value) {
    if (!value.startsWith("/")) {
      return false;
    }
    try {
      Path path = Path.of(value).normalize();
      Path real = Files.exists(path) ? path.toRealPath() : path;
      boolean plain =
          !Files.exists(real, LinkOption.NOFOLLOW_LINKS)
              || Files.isRegularFile(real)
              || Files.isDirectory(real);
      return !plain
          || real.startsWith("/dev")
          || real.startsWith("/proc")
          || real.startsWith("/sys");
    } catch (IOException | InvalidPathException e) {
      return true;
    }
  }
}
