package io.katajava;

import io.katajava.agent.oci.OciUser;
import io.katajava.internal.net.IpPort;
import io.katajava.internal.oci.UserNumbers;
import java.time.Duration;
import java.util.List;

/** Checks that several builders make on values when they are set. */
final class Checks {
  private Checks() {}

  static void command(List<String> command) {
    if (command.isEmpty() || command.get(0).isEmpty()) {
      throw new IllegalArgumentException("a command needs a program, got " + command);
    }
    for (String argument : command) {
      if (argument.indexOf('\0') >= 0) {
        throw new IllegalArgumentException("an argument of a command has a NUL character");
      }
    }
  }

  static void variable(String name, String value) {
    if (name.isEmpty() || name.indexOf('=') >= 0 || name.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("'" + name + "' is not a name of an environment variable");
    }
    if (value.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("the value of " + name + " has a NUL character");
    }
  }

  static String absolute(String what, String path) {
    if (!path.startsWith("/") || path.indexOf('\0') >= 0) {
      throw new IllegalArgumentException(
          "the " + what + " is an absolute path in the guest, got '" + path + "'");
    }
    return path;
  }

  static String user(String user) {
    if (!user.matches("[A-Za-z0-9_.][A-Za-z0-9_.-]*(:[A-Za-z0-9_.][A-Za-z0-9_.-]*)?")) {
      throw new IllegalArgumentException(
          "'" + user + "' is not a user; expected name, uid, name:group or uid:gid");
    }
    for (String part : user.split(":", -1)) {
      number("user '" + user + "'", part);
    }
    return user;
  }

  static String group(String group) {
    if (!group.matches("[A-Za-z0-9_.][A-Za-z0-9_.-]*")) {
      throw new IllegalArgumentException("'" + group + "' is not the name or number of a group");
    }
    number("group '" + group + "'", group);
    return group;
  }

  private static void number(String what, String text) {
    if (text.matches("\\d+") && !UserNumbers.isOne(text)) {
      throw new IllegalArgumentException(
          what
              + " has the number "
              + text
              + "; the largest one is "
              + OciUser.LAST_ID
              + ", as the one after it means to the kernel that nothing is changed");
    }
  }

  static int umask(int umask) {
    if (umask < 0 || umask > 0777) {
      throw new IllegalArgumentException(
          "a umask is 0 to 0777, got 0" + Integer.toOctalString(umask));
    }
    return umask;
  }

  static Duration positive(String what, Duration duration) {
    if (duration.isNegative() || duration.isZero()) {
      throw new IllegalArgumentException("the " + what + " is positive, got " + duration);
    }
    return duration;
  }

  private static final String LABEL = "[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?";

  static String name(String what, String name) {
    if (!name.matches("[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")) {
      throw new IllegalArgumentException(
          "'"
              + name
              + "' is not a "
              + what
              + ": 1 to 63 letters, digits, '.', '_', '-', beginning with a letter or digit");
    }
    return name;
  }

  /** The smallest that has room for a filesystem with a journal. */
  static MemorySize diskSize(MemorySize size) {
    if (size.compareTo(MemorySize.mebibytes(8)) < 0) {
      throw new IllegalArgumentException("a disk has at least 8 MiB, got " + size);
    }
    return size;
  }

  /** To a tmpfs a size of zero means that it has no limit. */
  static MemorySize memoryLimit(String what, MemorySize limit) {
    if (limit.bytes() == 0) {
      throw new IllegalArgumentException(
          "the limit of "
              + what
              + " is zero, which the kernel treats as no limit; give a positive one");
    }
    return limit;
  }

  static String interfaceName(String name) {
    if (!name.matches("[^/\\s,=:]{1,15}") || name.equals(".") || name.equals("..")) {
      throw new IllegalArgumentException(
          "'" + name + "' is not the name of a network interface: 1 to 15 characters");
    }
    return name;
  }

  static String nameServer(String server) {
    IpPort.parse(server, 53);
    return server;
  }

  static String domain(String domain) {
    if (domain.length() > 253 || !domain.matches(LABEL + "(\\." + LABEL + ")*")) {
      throw new IllegalArgumentException(
          "'"
              + domain
              + "' is no name of a host or domain: labels of 1 to 63 letters, digits, '-' and '_',"
              + " with dots between them, 253 characters in all");
    }
    return domain;
  }

  /** As resolv.conf(5) has them: also with a final dot, which changes nothing, and the root. */
  static String searchDomain(String domain) {
    if (domain.equals(".")) {
      return domain;
    }
    return domain(domain.endsWith(".") ? domain.substring(0, domain.length() - 1) : domain);
  }
}
