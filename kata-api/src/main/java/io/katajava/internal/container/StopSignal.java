package io.katajava.internal.container;

import io.katajava.spi.ImageConfig;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What ends a first process politely, as images write it: {@code SIGQUIT}, {@code QUIT}, 3. */
final class StopSignal {
  private static final Logger log = LoggerFactory.getLogger(StopSignal.class);
  private static final int SIGTERM = 15;

  /** Numbers of Linux on all architectures but a few that have no KVM, from 1. */
  private static final List<String> NAMES =
      List.of(
          "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
          "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
          "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS");

  private static final Map<String, String> OTHER_NAMES =
      Map.of("CLD", "CHLD", "IOT", "ABRT", "POLL", "IO", "UNUSED", "SYS");

  /** Those that C libraries leave to programs. */
  private static final int RTMIN = 34;

  private static final int RTMAX = 64;

  private static final Pattern REAL_TIME =
      Pattern.compile("RT(?:MIN(?:\\+([0-9]{1,2}))?|MAX(?:-([0-9]{1,2}))?)");

  private StopSignal() {}

  /** The image's signal; SIGTERM when it names none, or none that Linux has, which is logged. */
  static int of(ImageConfig config, String container) {
    String text = config.stopSignal().orElse("SIGTERM");
    OptionalInt signal = parse(text);
    if (signal.isEmpty()) {
      log.warn(
          "the image of container {} asks for the signal '{}', which Linux does not have;"
              + " the container is stopped with SIGTERM",
          container,
          text);
    }
    return signal.orElse(SIGTERM);
  }

  static OptionalInt parse(String text) {
    String name = text.strip().toUpperCase(Locale.ROOT);
    if (name.matches("[0-9]{1,2}")) {
      return within(Integer.parseInt(name), 1);
    }
    name = name.startsWith("SIG") ? name.substring(3) : name;
    int number = NAMES.indexOf(OTHER_NAMES.getOrDefault(name, name)) + 1;
    if (number > 0) {
      return OptionalInt.of(number);
    }
    Matcher realTime = REAL_TIME.matcher(name);
    if (!realTime.matches()) {
      return OptionalInt.empty();
    }
    return name.startsWith("RTMIN")
        ? within(RTMIN + distance(realTime.group(1)), RTMIN)
        : within(RTMAX - distance(realTime.group(2)), RTMIN);
  }

  private static int distance(@Nullable String digits) {
    return digits == null ? 0 : Integer.parseInt(digits);
  }

  private static OptionalInt within(int number, int least) {
    return number >= least && number <= RTMAX ? OptionalInt.of(number) : OptionalInt.empty();
  }
}
