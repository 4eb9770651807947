package io.katajava.json;

import java.util.Objects;

/**
 * A JSON string.
 *
 * @param value the text, unescaped
 */
public record JsonString(String value) implements JsonValue {

  /**
   * Checks the text.
   *
   * @param value the text, not null
   */
  public JsonString {
    Objects.requireNonNull(value, "value");
  }

  @Override
  public String toString() {
    return toJson();
  }
}
