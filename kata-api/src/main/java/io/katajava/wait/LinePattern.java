package io.katajava.wait;

import io.katajava.ContainerLog.Line;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** A regular expression that is looked for in a line as it was written, with its end. */
record LinePattern(Pattern pattern) implements Predicate<Line> {
  /** What switches colours, and stands between the words of a line that people see. */
  private static final Pattern COLOUR = Pattern.compile("\u001b\\[[0-9;]*m");

  static LinePattern of(String regex) {
    return new LinePattern(Pattern.compile(regex, Pattern.DOTALL));
  }

  @Override
  public boolean test(Line line) {
    String written = line.written();
    // Without its end, for expressions that say where the text has to end.
    return find(written)
        || find(line.text())
        || (written.indexOf('\u001b') >= 0 && find(COLOUR.matcher(written).replaceAll("")));
  }

  private boolean find(String text) {
    return pattern.matcher(text).find();
  }
}
