package io.katajava.image;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The platform on which an image runs, in the terms of the OCI image index.
 *
 * @param os for example {@code linux}
 * @param architecture for example {@code amd64}, {@code arm64}
 * @param variant for example {@code v8}
 */
public record Platform(String os, String architecture, Optional<String> variant) {
  private static final Pattern WORD = Pattern.compile("[a-z0-9_.]{1,32}");

  /**
   * Checks the words.
   *
   * @throws IllegalArgumentException if one is malformed
   */
  public Platform {
    check(os);
    check(architecture);
    variant.ifPresent(Platform::check);
  }

  private static void check(String word) {
    if (!WORD.matcher(word).matches()) {
      throw new IllegalArgumentException(
          "a platform is OS/ARCHITECTURE[/VARIANT] in lower case, got '" + word + "'");
    }
  }

  /**
   * Linux on the architecture of this host, which is the guest's.
   *
   * @return the platform
   */
  public static Platform host() {
    String name = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
    return switch (name) {
      case "amd64", "x86_64" -> new Platform("linux", "amd64", Optional.empty());
      case "aarch64", "arm64" -> new Platform("linux", "arm64", Optional.of("v8"));
      case "ppc64le", "s390x", "riscv64" -> new Platform("linux", name, Optional.empty());
      default -> new Platform("linux", name.isEmpty() ? "unknown" : name, Optional.empty());
    };
  }

  /**
   * Reads {@code linux/arm64} or {@code linux/arm64/v8}.
   *
   * @param text the platform
   * @return the platform
   * @throws IllegalArgumentException if it is malformed
   */
  public static Platform parse(String text) {
    String[] words = text.split("/", -1);
    if (words.length < 2 || words.length > 3) {
      throw new IllegalArgumentException(
          "a platform is OS/ARCHITECTURE[/VARIANT], got '" + text + "'");
    }
    return new Platform(
        words[0], words[1], words.length == 3 ? Optional.of(words[2]) : Optional.empty());
  }

  /**
   * Tells how well an image for another platform runs on this one.
   *
   * @param other the image's
   * @return 2 for the same, 1 for the same but for a variant that one of them does not name, 0 for
   *     another
   */
  public int fit(Platform other) {
    if (!os.equals(other.os) || !architecture.equals(other.architecture)) {
      return 0;
    }
    if (variant.equals(other.variant)) {
      return 2;
    }
    return variant.isEmpty() || other.variant.isEmpty() ? 1 : 0;
  }

  @Override
  public String toString() {
    return os + "/" + architecture + variant.map(text -> "/" + text).orElse("");
  }
}
