package io.katajava.qemu.device;

import java.nio.file.Path;
import java.util.regex.Pattern;

/** Checks of values that several devices have. */
final class DeviceChecks {
  private static final Pattern ID = Pattern.compile("[A-Za-z][A-Za-z0-9._-]{0,23}");
  private static final Pattern MAC = Pattern.compile("[0-9a-f]{2}(:[0-9a-f]{2}){5}");
  private static final int SOCKET_BYTES = 107;

  private DeviceChecks() {}

  /** QEMU takes 31 characters; the rest is for prefixes of what belongs to the device. */
  static String id(String id) {
    if (!ID.matcher(id).matches()) {
      throw new IllegalArgumentException(
          "'"
              + id
              + "' is not a device id: a letter, then letters, digits, '-', '.', '_'; 24 at most");
    }
    return id;
  }

  static String mac(String mac) {
    if (!MAC.matcher(mac).matches()) {
      throw new IllegalArgumentException(
          "'" + mac + "' is not a MAC address like 52:54:00:12:34:56");
    }
    if ((Integer.parseInt(mac.substring(0, 2), 16) & 1) != 0) {
      throw new IllegalArgumentException("'" + mac + "' is a multicast address, not a card's");
    }
    return mac;
  }

  static Path socket(Path socket) {
    if (!socket.isAbsolute() || socket.toString().length() > SOCKET_BYTES) {
      throw new IllegalArgumentException(
          "'" + socket + "' is not an absolute path of at most " + SOCKET_BYTES + " bytes");
    }
    return socket;
  }

  static Path absolute(Path path) {
    if (!path.isAbsolute()) {
      throw new IllegalArgumentException("'" + path + "' is not an absolute path");
    }
    return path;
  }
}
