package io.katajava.internal.oci;

import java.util.Map;

/** Errors that system calls of a profile fail with, by their names; numbers of Linux. */
final class Errnos {
  static final Map<String, Integer> NUMBERS =
      Map.ofEntries(
          Map.entry("EPERM", 1),
          Map.entry("ENOENT", 2),
          Map.entry("ESRCH", 3),
          Map.entry("EINTR", 4),
          Map.entry("EIO", 5),
          Map.entry("ENXIO", 6),
          Map.entry("EBADF", 9),
          Map.entry("EAGAIN", 11),
          Map.entry("ENOMEM", 12),
          Map.entry("EACCES", 13),
          Map.entry("EFAULT", 14),
          Map.entry("EBUSY", 16),
          Map.entry("EEXIST", 17),
          Map.entry("ENODEV", 19),
          Map.entry("ENOTDIR", 20),
          Map.entry("EISDIR", 21),
          Map.entry("EINVAL", 22),
          Map.entry("ENOTTY", 25),
          Map.entry("ENOSPC", 28),
          Map.entry("EROFS", 30),
          Map.entry("ERANGE", 34),
          Map.entry("ENOSYS", 38),
          Map.entry("EPROTONOSUPPORT", 93),
          Map.entry("ENOTSUP", 95),
          Map.entry("EOPNOTSUPP", 95),
          Map.entry("EAFNOSUPPORT", 97));

  private Errnos() {}
}
