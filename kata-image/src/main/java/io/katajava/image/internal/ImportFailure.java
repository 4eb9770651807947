package io.katajava.image.internal;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.base.text.PrintableText;
import io.katajava.image.ImageReference;
import io.katajava.image.Platform;
import java.nio.file.Path;
import java.util.Set;

/** Why no image is taken from a source, as whoever asked for it is told. */
final class ImportFailure {
  private ImportFailure() {}

  /**
   * An image that has no name, and was given none.
   *
   * @param notes what it says instead
   */
  static KataException nameless(Path source, String notes) {
    return new KataException(
        ErrorCode.IMAGE_NOT_FOUND,
        "an image of "
            + source
            + " cannot be imported without a name: "
            + PrintableText.line(notes, 500),
        Details.none().withRemedy("Give the image a name (--name on the command line)"));
  }

  /**
   * A name that none of several images has.
   *
   * @param names theirs
   */
  static KataException several(Path source, ImageReference name, int count, Set<String> names) {
    return new KataException(
        ErrorCode.IMAGE_NOT_FOUND,
        source
            + " has "
            + count
            + " images, none of them called "
            + name.familiar()
            + (names.isEmpty() ? "" : ": " + String.join(", ", names)),
        Details.none().withRemedy("Choose one by its name, or import all of them without a name"));
  }

  static KataException absent(Path source, String name) {
    return new KataException(
        ErrorCode.IMAGE_NOT_FOUND,
        source + " has no image " + name + " for " + Platform.host(),
        Details.none().withRemedy("Compare with the names and platforms in its index.json"));
  }
}
