package io.katajava.json;

import java.util.ArrayList;
import java.util.List;

/** Turns Java values into JSON. */
final class JsonEncoding {
  private JsonEncoding() {}

  static JsonValue of(Object value) {
    if (value instanceof String text) {
      return new JsonString(text);
    } else if (value instanceof Boolean flag) {
      return JsonBoolean.of(flag);
    } else if (value instanceof Long || value instanceof Integer) {
      return JsonNumber.of(((Number) value).longValue());
    } else if (value instanceof Double number) {
      return JsonNumber.of(number);
    } else if (value instanceof Encodable encodable) {
      return encodable.toJson();
    } else if (value instanceof JsonValue json) {
      return json;
    } else if (value instanceof List<?> list) {
      List<JsonValue> elements = new ArrayList<>(list.size());
      for (Object element : list) {
        elements.add(of(element));
      }
      return new JsonArray(elements);
    }
    throw new IllegalArgumentException("no JSON form for " + value.getClass().getName());
  }

  static JsonValue ofUnsigned(Object value) {
    if (value instanceof Long bits) {
      return JsonNumber.ofUnsigned(bits);
    } else if (value instanceof List<?> list) {
      List<JsonValue> elements = new ArrayList<>(list.size());
      for (Object element : list) {
        elements.add(ofUnsigned(element));
      }
      return new JsonArray(elements);
    }
    throw new IllegalArgumentException("not an unsigned integer: " + value.getClass().getName());
  }
}
