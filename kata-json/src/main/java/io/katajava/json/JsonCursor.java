package io.katajava.json;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads one JSON value strictly: what is missing or has another type is a {@link JsonException}
 * that names the path, such as {@code query-block[0].inserted.ro}. Members that nobody asks for are
 * left for {@link #additional}. A cursor belongs to one thread.
 */
public final class JsonCursor {
  private final JsonValue value;
  private final @Nullable JsonCursor parent;
  private final String label;
  private @Nullable BitSet read;

  private JsonCursor(JsonValue value, @Nullable JsonCursor parent, String label) {
    this.value = value;
    this.parent = parent;
    this.label = label;
  }

  /**
   * Starts at the top of a document.
   *
   * @param value the document
   * @param name how messages call it, such as the command it answers
   * @return a cursor on it
   */
  public static JsonCursor of(JsonValue value, String name) {
    return new JsonCursor(value, null, name);
  }

  /**
   * Returns what the cursor stands on.
   *
   * @return the value
   */
  public JsonValue value() {
    return value;
  }

  /**
   * Returns where the cursor stands.
   *
   * @return names and positions from the top
   */
  public String path() {
    if (parent == null) {
      return label;
    }
    String above = parent.path();
    return label.startsWith("[") ? above + label : above + "." + label;
  }

  /**
   * Tells whether a member exists.
   *
   * @param name its name
   * @return whether it exists
   * @throws JsonException if this is not an object
   */
  public boolean has(String name) {
    return object().find(name) >= 0;
  }

  /**
   * Goes to a member and marks it read.
   *
   * @param name its name
   * @return a cursor on its value
   * @throws JsonException if this is not an object or has no such member
   */
  public JsonCursor member(String name) {
    JsonObject object = object();
    int position = object.find(name);
    if (position < 0) {
      throw new JsonException(path() + " has no member '" + name + "'");
    }
    BitSet marks = read;
    if (marks == null) {
      marks = new BitSet(object.size());
      read = marks;
    }
    marks.set(position);
    return new JsonCursor(object.valueAt(position), this, name);
  }

  /**
   * Collects the members that were not read.
   *
   * @return the rest, possibly empty
   * @throws JsonException if this is not an object
   */
  public JsonObject additional() {
    JsonObject object = object();
    BitSet marks = read;
    if (marks == null) {
      return object;
    }
    if (marks.cardinality() == object.size()) {
      return JsonObject.EMPTY;
    }
    JsonObject.Builder rest = JsonObject.builder();
    for (int i = marks.nextClearBit(0); i < object.size(); i = marks.nextClearBit(i + 1)) {
      // An earlier duplicate of a member that was read is no additional member.
      if (!marks.get(object.find(object.nameAt(i)))) {
        rest.put(object.nameAt(i), object.valueAt(i));
      }
    }
    return rest.build();
  }

  /**
   * Reads an object.
   *
   * @return the object
   * @throws JsonException if this is something else
   */
  public JsonObject object() {
    if (value instanceof JsonObject object) {
      return object;
    }
    throw mismatch("an object");
  }

  /**
   * Reads a string.
   *
   * @return the text
   * @throws JsonException if this is something else
   */
  public String string() {
    if (value instanceof JsonString string) {
      return string.value();
    }
    throw mismatch("a string");
  }

  /**
   * Reads a boolean.
   *
   * @return the boolean
   * @throws JsonException if this is something else
   */
  public boolean bool() {
    if (value instanceof JsonBoolean bool) {
      return bool.value();
    }
    throw mismatch("a boolean");
  }

  /**
   * Reads a signed integer.
   *
   * @return the integer
   * @throws JsonException if this is something else or does not fit 64 bits with sign
   */
  public long int64() {
    if (value instanceof JsonNumber number && number.isLong()) {
      return number.longValue();
    }
    throw mismatch("a signed integer of 64 bits");
  }

  /**
   * Reads an unsigned integer.
   *
   * @return its 64 bits, see {@link Long#toUnsignedString(long)}
   * @throws JsonException if this is something else or not from 0 to 2<sup>64</sup>-1
   */
  public long uint64() {
    if (value instanceof JsonNumber number) {
      try {
        return number.unsignedLongValue();
      } catch (ArithmeticException e) {
        throw mismatch("an unsigned integer of 64 bits");
      }
    }
    throw mismatch("an unsigned integer of 64 bits");
  }

  /**
   * Reads an integer within bounds.
   *
   * @param minimum the least it may be
   * @param maximum the most it may be
   * @return the integer
   * @throws JsonException if this is something else or out of bounds
   */
  public long integer(long minimum, long maximum) {
    if (value instanceof JsonNumber number && number.isLong()) {
      long integer = number.longValue();
      if (integer >= minimum && integer <= maximum) {
        return integer;
      }
    }
    throw mismatch("an integer from " + minimum + " to " + maximum);
  }

  /**
   * Reads a floating point number.
   *
   * @return the number
   * @throws JsonException if this is something else
   */
  public double number() {
    if (value instanceof JsonNumber number) {
      return number.doubleValue();
    }
    throw mismatch("a number");
  }

  /**
   * Reads an array.
   *
   * @param element reads one element
   * @param <T> what the elements become
   * @return the elements, unmodifiable
   * @throws JsonException if this is something else
   */
  public <T> List<T> list(Function<JsonCursor, T> element) {
    if (!(value instanceof JsonArray array)) {
      throw mismatch("an array");
    }
    List<JsonValue> values = array.values();
    List<T> elements = new ArrayList<>(values.size());
    for (int i = 0; i < values.size(); i++) {
      elements.add(element.apply(new JsonCursor(values.get(i), this, "[" + i + "]")));
    }
    return List.copyOf(elements);
  }

  /**
   * Describes a value that does not fit.
   *
   * @param expected what should be here
   * @return the exception, to be thrown
   */
  public JsonException mismatch(String expected) {
    String found = value.toString();
    String shown = found.length() > 80 ? found.substring(0, 80) + "..." : found;
    return new JsonException(path() + " should be " + expected + " but is " + shown);
  }
}
