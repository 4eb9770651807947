package io.katajava.internal.engine;

import io.katajava.spi.ImageConfig;
import java.util.List;
import java.util.Locale;

/** What ends a first process politely, as images write it: {@code SIGQUIT}, {@code QUIT}, 3. */
final class StopSignal {
  private static final int SIGTERM = 15;
  private static final int LAST = 64;

  /** Numbers of Linux on all architectures but a few that have no KVM, from 1. */
  private static final List<String> NAMES =
      List.of(
          "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
          "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
          "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS");

  private static final int RTMIN = 34;

  private StopSignal() {}

  /** The image's signal; SIGTERM when it names none, or none that Linux has. */
  static int of(ImageConfig config) {
    return config.stopSignal().map(StopSignal::parse).orElse(SIGTERM);
  }

  static int parse(String text) {
    String name = text.strip().toUpperCase(Locale.ROOT);
    name = name.startsWith("SIG") ? name.substring(3) : name;
    int number = NAMES.indexOf(name) + 1;
    if (number > 0) {
      return number;
    }
    try {
      if (name.equals("RTMIN")) {
        return RTMIN;
      } else if (name.startsWith("RTMIN+")) {
        number = RTMIN + Integer.parseInt(name.substring(6));
      } else {
        number = Integer.parseInt(name);
      }
    } catch (NumberFormatException e) {
      return SIGTERM;
    }
    return number >= 1 && number <= LAST ? number : SIGTERM;
  }
}
