package io.katajava.config;

import io.katajava.config.internal.KernelParameterText;
import io.katajava.config.internal.VerityText;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * The values a key can have, as one word of the table: a range ({@code 0..16}, {@code 0..}), a
 * choice ({@code hmp|qmp}), or a kind of text ({@code file}, {@code path}, {@code globs}).
 *
 * @param spec the word; empty when every value of the type is allowed
 */
public record AllowedValues(String spec) {
  static final AllowedValues SECRET = new AllowedValues("secret");

  private static final Pattern RANGE = Pattern.compile("(-?\\d+)?\\.\\.(-?\\d+)?");
  private static final Pattern EXTENSION_NAME = Pattern.compile("[A-Za-z0-9_-]+");
  private static final Pattern MOUNT_PATH = Pattern.compile("(/[-\\w.]+)+");
  // QEMU's guests need as much; see QemuConfig.MINIMUM_MEMORY.
  private static final long LEAST_MEMORY = 96;
  private static final long MOST_MEMORY = 64L << 20;

  /**
   * Checks one value; for an array, one element.
   *
   * @param value of the key's type
   * @return whether it is allowed
   */
  public boolean allows(Object value) {
    if (value instanceof List<?> list) {
      return list.stream().allMatch(this::allows);
    }
    Matcher range = RANGE.matcher(spec);
    if (range.matches()) {
      return inRange(((Number) value).doubleValue(), range);
    }
    return switch (spec) {
      case "", "file", "globs", "secret", "mounts" -> noNul(value);
      case "path" ->
          ((String) value).isEmpty() || (((String) value).startsWith("/") && noNul(value));
      case "memory" -> memory((Long) value);
      case "sector" -> sector((Long) value);
      case "regexes" -> regex((String) value);
      case "parameters" -> KernelParameterText.isBalanced((String) value);
      case "verity" -> ((String) value).isEmpty() || VerityText.isComplete((String) value);
      case "extension-name" -> EXTENSION_NAME.matcher((String) value).matches();
      case "mount-path" ->
          MOUNT_PATH.matcher((String) value).matches() && !((String) value).contains("/..");
      case "nonempty" -> !((String) value).isEmpty() && noNul(value);
      default -> ((String) value).isEmpty() || choices().contains(value);
    };
  }

  private static boolean noNul(Object value) {
    return !(value instanceof String text) || text.indexOf('\0') < 0;
  }

  private static boolean inRange(double value, Matcher range) {
    return !Double.isNaN(value)
        && (range.group(1) == null || value >= Double.parseDouble(range.group(1)))
        && (range.group(2) == null || value <= Double.parseDouble(range.group(2)));
  }

  private static boolean memory(long mebibytes) {
    return mebibytes == 0 || (mebibytes >= LEAST_MEMORY && mebibytes <= MOST_MEMORY);
  }

  private static boolean sector(long bytes) {
    return bytes == 0 || (bytes >= 512 && bytes <= 65536 && Long.bitCount(bytes) == 1);
  }

  private static boolean regex(String text) {
    try {
      Pattern.compile(text);
      return true;
    } catch (PatternSyntaxException e) {
      return false;
    }
  }

  /**
   * The values of a choice.
   *
   * @return the values; empty when it is no choice
   */
  public List<String> choices() {
    return spec.contains("|") || spec.equals("force_guest_pull")
        ? List.of(spec.split("\\|", -1))
        : List.of();
  }

  /** Whether {@link #describe} says the type, too. */
  boolean standsAlone() {
    return !choices().isEmpty() || spec.equals("file") || spec.equals("mount-path");
  }

  /**
   * The values for people, to be put after the type.
   *
   * @return a phrase; empty when there is nothing to say
   */
  public String describe() {
    Matcher range = RANGE.matcher(spec);
    if (range.matches()) {
      if (range.group(1) == null) {
        return "of at most " + range.group(2);
      }
      return range.group(2) == null
          ? "of at least " + range.group(1)
          : "from " + range.group(1) + " to " + range.group(2);
    }
    return switch (spec) {
      case "", "secret" -> "";
      case "file" -> "the path of an existing file";
      case "path" -> "that is an absolute path";
      case "globs" -> "that are shell patterns";
      case "mounts" -> "that are absolute paths with different last names";
      case "memory" -> "from " + LEAST_MEMORY + " to " + MOST_MEMORY + ", or 0 for the default";
      case "sector" -> "that is 0 or a power of two from 512 to 65536";
      case "regexes" -> "that are regular expressions";
      case "parameters" -> "in which every double quote is closed";
      case "verity" -> "with " + VerityText.DESCRIPTION;
      case "extension-name" -> "of letters, digits, '-' and '_'";
      case "mount-path" -> "an absolute path of letters, digits, '-', '_' and '.', without ..";
      case "nonempty" -> "that is not empty";
      default -> String.join(", ", choices());
    };
  }
}
