package io.katajava.cli;

import java.util.List;

/** The words that are a command of the guest, its options among them. */
final class GuestCommandLine {
  private static final String SEPARATOR = "--";

  private GuestCommandLine() {}

  /** What follows an image or an id: all words, without the separator that may come first. */
  static List<String> after(List<String> words) {
    return words.isEmpty() || !words.get(0).equals(SEPARATOR)
        ? List.copyOf(words)
        : List.copyOf(words.subList(1, words.size()));
  }

  /** Whether the separator stands before these words, which are the last arguments. */
  static boolean isSeparated(List<String> arguments, List<String> words) {
    int before = arguments.size() - words.size() - 1;
    return before >= 0 && arguments.get(before).equals(SEPARATOR);
  }
}
