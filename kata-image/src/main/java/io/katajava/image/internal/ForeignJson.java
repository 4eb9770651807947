package io.katajava.image.internal;

import io.katajava.json.JsonArray;
import io.katajava.json.JsonBoolean;
import io.katajava.json.JsonNull;
import io.katajava.json.JsonNumber;
import io.katajava.json.JsonObject;
import io.katajava.json.JsonString;
import io.katajava.json.JsonValue;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A place in a document that many programs write, each a little differently: what is missing and
 * what is of another type is like what is not there, and nothing is refused here.
 *
 * @param value what is there, or null for nothing
 */
record ForeignJson(@Nullable JsonValue value) implements Iterable<ForeignJson> {
  private static final ForeignJson NOTHING = new ForeignJson(null);

  ForeignJson path(String name) {
    JsonValue member = value instanceof JsonObject object ? object.get(name) : null;
    return member == null ? NOTHING : new ForeignJson(member);
  }

  ForeignJson path(int index) {
    return value instanceof JsonArray array && index < array.values().size()
        ? new ForeignJson(array.values().get(index))
        : NOTHING;
  }

  boolean has(String name) {
    return value instanceof JsonObject object && object.has(name);
  }

  boolean isObject() {
    return value instanceof JsonObject;
  }

  boolean isArray() {
    return value instanceof JsonArray;
  }

  /** Whether nothing is in it. */
  boolean isEmpty() {
    return !iterator().hasNext();
  }

  boolean isText() {
    return value instanceof JsonString;
  }

  /** The text, also of a number or a boolean; empty for anything else. */
  String text() {
    return text("");
  }

  String text(String otherwise) {
    if (value == null || value instanceof JsonNull) {
      return otherwise;
    } else if (value instanceof JsonString string) {
      return string.value();
    }
    return value instanceof JsonNumber || value instanceof JsonBoolean ? value.toJson() : "";
  }

  /** The whole number, also one that is written as a text. */
  long number(long otherwise) {
    if (value instanceof JsonNumber number && number.isLong()) {
      return number.longValue();
    }
    try {
      return value instanceof JsonString string ? Long.parseLong(string.value()) : otherwise;
    } catch (NumberFormatException e) {
      return otherwise;
    }
  }

  /** The elements of an array, or the values of an object. */
  @Override
  public Iterator<ForeignJson> iterator() {
    List<ForeignJson> all = new ArrayList<>();
    if (value instanceof JsonArray array) {
      array.values().forEach(element -> all.add(new ForeignJson(element)));
    } else if (value instanceof JsonObject object) {
      object.asMap().values().forEach(member -> all.add(new ForeignJson(member)));
    }
    return all.iterator();
  }

  /** The members of an object as texts. */
  Map<String, String> texts() {
    Map<String, String> texts = new LinkedHashMap<>();
    if (value instanceof JsonObject object) {
      object.asMap().forEach((name, member) -> texts.put(name, new ForeignJson(member).text()));
    }
    return texts;
  }
}
