package io.katajava.json;

/** Something that has a JSON form. */
public interface Encodable {

  /**
   * Returns the JSON form.
   *
   * @return a JSON value
   */
  JsonValue toJson();
}
