package io.katajava.json;

/**
 * A JSON value (RFC 8259). {@link #toJson} gives the exact text, {@code toString} the same with
 * secrets replaced, for people and logs.
 */
public sealed interface JsonValue
    permits JsonObject, JsonArray, JsonString, JsonNumber, JsonBoolean, JsonNull {

  /**
   * Parses one JSON value. Of members with the same name the last counts.
   *
   * @param json the text, nothing but one value
   * @return the value
   * @throws JsonException if the text is not JSON, or nested deeper than {@value
   *     JsonParsing#MAX_DEPTH} levels
   */
  static JsonValue parse(String json) {
    return JsonParsing.parse(json);
  }

  /**
   * Parses one JSON value from UTF-8.
   *
   * @param utf8 where the bytes are
   * @param offset the first byte
   * @param length how many bytes
   * @return the value
   * @throws JsonException if the bytes are not JSON, or nested deeper than {@value
   *     JsonParsing#MAX_DEPTH} levels
   */
  static JsonValue parse(byte[] utf8, int offset, int length) {
    return JsonParsing.parse(utf8, offset, length);
  }

  /**
   * Writes the value on one line.
   *
   * @return JSON text, secrets included
   */
  default String toJson() {
    StringBuilder out = new StringBuilder(128);
    JsonText.write(this, out);
    return out.toString();
  }

  /**
   * Writes the value for people, a member or an element on each line, indented by two spaces.
   *
   * @return JSON text without a line feed at its end, secrets included
   */
  default String toIndentedJson() {
    StringBuilder out = new StringBuilder(256);
    IndentedText.write(this, 0, out);
    return out.toString();
  }

  /**
   * Replaces what must not be shown: passwords, cookies, the data of secret objects.
   *
   * @return this value, or a copy where each secret is the text {@code <redacted>}
   */
  default JsonValue redacted() {
    return Redaction.of(this);
  }
}
