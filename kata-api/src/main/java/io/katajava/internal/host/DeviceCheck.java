package io.katajava.internal.host;

import static io.katajava.HostFinding.passed;
import static io.katajava.HostFinding.skipped;
import static io.katajava.HostFinding.warned;

import io.katajava.HostFinding;
import io.katajava.spi.HostView;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributes;
import java.util.List;

/**
 * Devices that must open for reading and writing. As devices, because a module may be built in, and
 * by opening, because permission bits tell only half.
 */
final class DeviceCheck {
  static final String GROUP = "device";

  private DeviceCheck() {}

  static List<HostFinding> run(HostView host) {
    return List.of(
        device(
            host,
            "kvm",
            "guests are translated (TCG), which is slower",
            "Enable virtualization in the firmware, or nested virtualization where this host is"
                + " itself a virtual machine; then modprobe kvm"),
        device(
            host,
            "vhost-vsock",
            "Kata's own guests need vhost-user-vsock instead; those of kata-java need neither",
            "Run as root: modprobe vhost_vsock"),
        device(
            host,
            "vhost-net",
            "networks of guests stay in QEMU's own process",
            "Run as root: modprobe vhost_net"));
  }

  static boolean opens(HostView host, String name) {
    try (FileChannel opened = open(host.path("/dev/" + name))) {
      return opened.isOpen();
    } catch (IOException e) {
      return false;
    }
  }

  private static HostFinding device(HostView host, String name, String without, String remedy) {
    String shown = "/dev/" + name;
    Path device = host.path(shown);
    if (!Files.exists(device)) {
      return warned(GROUP, name, "there is no " + shown + ": " + without, remedy);
    }
    try (FileChannel opened = open(device)) {
      return opened.isOpen()
          ? passed(GROUP, name, shown + " opens for reading and writing")
          : skipped(GROUP, name, "the thread was interrupted");
    } catch (IOException e) {
      return warned(
          GROUP,
          name,
          shown + " does not open (" + reason(e) + "): " + without,
          "Let this user open it: " + permission(device, shown));
    }
  }

  /** Never makes a file where there is no device. */
  private static FileChannel open(Path device) throws IOException {
    return FileChannel.open(device, StandardOpenOption.READ, StandardOpenOption.WRITE);
  }

  private static String reason(IOException e) {
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    return e instanceof FileSystemException file && file.getReason() != null
        ? file.getReason()
        : e.toString();
  }

  private static String permission(Path device, String shown) {
    try {
      PosixFileAttributes attributes = Files.readAttributes(device, PosixFileAttributes.class);
      String group = attributes.group().getName();
      if (!group.equals("root")
          && attributes
              .permissions()
              .contains(java.nio.file.attribute.PosixFilePermission.GROUP_WRITE)) {
        return "add it to the group " + group + " (usermod -aG " + group + " USER)";
      }
    } catch (IOException e) {
      return "chmod or an access control list, for example setfacl -m u:USER:rw " + shown;
    }
    return "an access control list, for example setfacl -m u:USER:rw " + shown;
  }
}
