package io.katajava.internal.oci;

import io.katajava.json.JsonArray;
import io.katajava.json.JsonBoolean;
import io.katajava.json.JsonException;
import io.katajava.json.JsonNumber;
import io.katajava.json.JsonObject;
import io.katajava.json.JsonString;
import io.katajava.json.JsonValue;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * JSON of an untrusted origin as maps, lists, strings, numbers, booleans and null. It is stricter
 * than JSON: no name may be there twice, and depth and numbers have limits.
 */
public final class Json {
  private static final int MAX_DEPTH = 32;

  /** A number with a large exponent is short to write and takes for ever to compute with. */
  private static final Pattern NUMBER = Pattern.compile("(?=.{1,40}$)[^eE]+([eE][+-]?\\d{1,3})?");

  private Json() {}

  /**
   * Reads a text that holds one value.
   *
   * @param text the text
   * @return maps, lists, strings, {@link BigDecimal}s, booleans, null
   * @throws IllegalArgumentException if it is malformed
   */
  public static @Nullable Object parse(String text) {
    try {
      return plain(JsonValue.parse(text), 0);
    } catch (JsonException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  private static @Nullable Object plain(JsonValue value, int depth) {
    if (depth > MAX_DEPTH) {
      throw new IllegalArgumentException("not JSON: it is nested too deep");
    }
    if (value instanceof JsonObject object) {
      Map<String, @Nullable Object> members = new LinkedHashMap<>();
      for (String name : object.names()) {
        if (members.containsKey(name)) {
          throw new IllegalArgumentException("not JSON: '" + name + "' occurs twice");
        }
        members.put(name, plain(Objects.requireNonNull(object.get(name)), depth + 1));
      }
      return members;
    } else if (value instanceof JsonArray array) {
      List<@Nullable Object> elements = new ArrayList<>();
      array.values().forEach(element -> elements.add(plain(element, depth + 1)));
      return elements;
    } else if (value instanceof JsonString string) {
      return string.value();
    } else if (value instanceof JsonNumber number) {
      return number(number.toJson());
    } else if (value instanceof JsonBoolean bool) {
      return bool.value();
    }
    return null;
  }

  private static BigDecimal number(String digits) {
    if (!NUMBER.matcher(digits).matches()) {
      throw new IllegalArgumentException("not JSON: '" + digits + "' is no number");
    }
    return new BigDecimal(digits);
  }
}
