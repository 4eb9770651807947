package io.katajava.qemu;

import java.util.List;
import java.util.regex.Pattern;

/** Arguments as people read them: an option and its value on a line, quoted for a shell. */
final class ShellText {
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_@%+=:,./-]+");

  private ShellText() {}

  static String of(List<String> arguments) {
    StringBuilder text = new StringBuilder();
    for (String argument : arguments) {
      if (text.length() > 0) {
        text.append(argument.startsWith("-") ? " \\\n  " : " ");
      }
      text.append(quoted(argument));
    }
    return text.toString();
  }

  private static String quoted(String argument) {
    return PLAIN.matcher(argument).matches()
        ? argument
        : "'" + argument.replace("'", "'\\''") + "'";
  }
}
