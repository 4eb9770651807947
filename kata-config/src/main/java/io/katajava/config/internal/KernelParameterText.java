package io.katajava.config.internal;

import java.util.ArrayList;
import java.util.List;

/** Kernel parameters in one text: separated by white space, except inside double quotes. */
public final class KernelParameterText {
  private KernelParameterText() {}

  public static boolean isBalanced(String text) {
    return text.chars().filter(c -> c == '"').count() % 2 == 0
        && text.chars().noneMatch(c -> c == 0 || c == '\n' || c == '\r');
  }

  public static List<String> split(String text) {
    List<String> parameters = new ArrayList<>();
    StringBuilder one = new StringBuilder();
    boolean quoted = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"') {
        quoted = !quoted;
      }
      if (Character.isWhitespace(c) && !quoted) {
        if (one.length() > 0) {
          parameters.add(one.toString());
          one.setLength(0);
        }
      } else {
        one.append(c);
      }
    }
    if (one.length() > 0) {
      parameters.add(one.toString());
    }
    return parameters;
  }
}
