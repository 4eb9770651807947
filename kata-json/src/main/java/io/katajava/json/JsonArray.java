package io.katajava.json;

import java.util.List;

/**
 * A JSON array.
 *
 * @param values its elements, unmodifiable
 */
public record JsonArray(List<JsonValue> values) implements JsonValue {

  /**
   * Copies the elements.
   *
   * @param values the elements
   */
  public JsonArray {
    values = List.copyOf(values);
  }

  @Override
  public String toString() {
    return redacted().toJson();
  }
}
