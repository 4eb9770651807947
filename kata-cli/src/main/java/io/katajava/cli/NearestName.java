package io.katajava.cli;

import java.util.List;
import java.util.Optional;

/** The name that somebody who typed another one may have meant. */
final class NearestName {
  private NearestName() {}

  /** Empty when none is near: a guess that is wrong misleads. */
  static Optional<String> of(String typed, List<String> names) {
    String nearest = null;
    int least = Integer.MAX_VALUE;
    for (String name : names) {
      // A wrong number of dashes, and a beginning, are nearer than any slip of the fingers.
      int distance =
          bare(name).equals(bare(typed)) || (bare(typed).length() > 2 && name.startsWith(typed))
              ? 0
              : distance(typed, name);
      if (distance < least) {
        least = distance;
        nearest = name;
      }
    }
    // Of one letter every other one is as near.
    int length = bare(typed).length();
    return least <= (length < 3 ? 0 : Math.max(1, length / 3))
        ? Optional.ofNullable(nearest)
        : Optional.empty();
  }

  private static String bare(String name) {
    return name.replace("-", "");
  }

  /** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
  private static int distance(String from, String to) {
    int[][] least = new int[from.length() + 1][to.length() + 1];
    for (int i = 0; i <= from.length(); i++) {
      for (int j = 0; j <= to.length(); j++) {
        if (i == 0 || j == 0) {
          least[i][j] = i + j;
          continue;
        }
        int same = from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1;
        least[i][j] =
            Math.min(least[i - 1][j - 1] + same, Math.min(least[i - 1][j], least[i][j - 1]) + 1);
        if (i > 1
            && j > 1
            && from.charAt(i - 1) == to.charAt(j - 2)
            && from.charAt(i - 2) == to.charAt(j - 1)) {
          least[i][j] = Math.min(least[i][j], least[i - 2][j - 2] + 1);
        }
      }
    }
    return least[from.length()][to.length()];
  }
}
