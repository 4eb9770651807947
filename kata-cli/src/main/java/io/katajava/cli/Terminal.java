package io.katajava.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import picocli.CommandLine.Help.Ansi;

/** Whether people are watching: colours and progress are for terminals only. */
final class Terminal {
  private static final int STDOUT = 1;
  private static final int STDERR = 2;

  private final boolean colours;
  private final boolean progress;

  Terminal(Map<String, String> environment, boolean stdoutIsTerminal, boolean stderrIsTerminal) {
    boolean dumb = "dumb".equals(environment.get("TERM"));
    // https://no-color.org: any value but the empty one.
    boolean refused = !environment.getOrDefault("NO_COLOR", "").isEmpty();
    colours = stdoutIsTerminal && !dumb && !refused;
    progress = stderrIsTerminal && !dumb;
  }

  static Terminal ofThisProcess() {
    return new Terminal(System.getenv(), isTerminal(STDOUT), isTerminal(STDERR));
  }

  /** Colours on standard output. */
  boolean colours() {
    return colours;
  }

  /** A line that moves on standard error. */
  boolean progress() {
    return progress;
  }

  Ansi ansi() {
    return colours ? Ansi.ON : Ansi.OFF;
  }

  String paint(String style, String text) {
    return colours ? ansi().string("@|" + style + " " + text + "|@") : text;
  }

  /** Without a native call: Linux names what a descriptor is open on. */
  private static boolean isTerminal(int descriptor) {
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)).toString();
      return target.startsWith("/dev/pts/")
          || target.startsWith("/dev/tty")
          || target.equals("/dev/console");
    } catch (IOException e) {
      return false;
    }
  }
}
