package io.katajava.json;

import java.util.AbstractMap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A JSON object: named values in the order they were written. */
public final class JsonObject implements JsonValue {
  /** The object without members. */
  public static final JsonObject EMPTY = new JsonObject(new String[0], new JsonValue[0], 0);

  /** Up to here a search through the names is faster than an index. */
  private static final int LINEAR_SEARCH = 12;

  private final String[] names;
  private final JsonValue[] values;
  private final int size;

  /** Made when a large object is first searched; a race makes it twice, which is harmless. */
  private @Nullable Map<String, Integer> index;

  /** Takes the arrays as they are. */
  JsonObject(String[] names, JsonValue[] values, int size) {
    this.names = names;
    this.values = values;
    this.size = size;
  }

  /**
   * Starts an object.
   *
   * @return an empty builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Parses a JSON object.
   *
   * @param json the text
   * @return the object
   * @throws JsonException if the text is not JSON or not an object
   */
  public static JsonObject parse(String json) {
    if (JsonValue.parse(json) instanceof JsonObject object) {
      return object;
    }
    throw new JsonException("expected a JSON object but got something else");
  }

  /**
   * Finds a member.
   *
   * @param name its name
   * @return its value, or null if there is none
   */
  public @Nullable JsonValue get(String name) {
    int position = find(name);
    return position < 0 ? null : values[position];
  }

  /**
   * Tells whether a member exists.
   *
   * @param name its name
   * @return whether it exists
   */
  public boolean has(String name) {
    return find(name) >= 0;
  }

  /**
   * Returns the number of members.
   *
   * @return how many there are
   */
  public int size() {
    return size;
  }

  /**
   * Tells whether there is no member.
   *
   * @return whether there is none
   */
  public boolean isEmpty() {
    return size == 0;
  }

  /**
   * Returns the names in order.
   *
   * @return the names, unmodifiable
   */
  public List<String> names() {
    return Collections.unmodifiableList(Arrays.asList(names).subList(0, size));
  }

  /**
   * Copies the members into a map.
   *
   * @return the members in order, unmodifiable
   */
  public Map<String, JsonValue> asMap() {
    Map<String, JsonValue> map = new LinkedHashMap<>(size * 2);
    for (int i = 0; i < size; i++) {
      map.put(names[i], values[i]);
    }
    return Collections.unmodifiableMap(map);
  }

  /**
   * Starts a changed copy.
   *
   * @return a builder that holds these members
   */
  public Builder toBuilder() {
    return new Builder().putAll(this);
  }

  int find(String name) {
    if (size > LINEAR_SEARCH) {
      return index().getOrDefault(name, -1);
    }
    for (int i = size - 1; i >= 0; i--) {
      if (names[i].equals(name)) {
        return i;
      }
    }
    return -1;
  }

  private Map<String, Integer> index() {
    Map<String, Integer> known = index;
    if (known == null) {
      known = new HashMap<>(size * 2);
      for (int i = 0; i < size; i++) {
        known.put(names[i], i);
      }
      index = known;
    }
    return known;
  }

  String nameAt(int position) {
    return names[position];
  }

  JsonValue valueAt(int position) {
    return values[position];
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof JsonObject object && asMap().equals(object.asMap());
  }

  @Override
  public int hashCode() {
    return asMap().hashCode();
  }

  @Override
  public String toString() {
    return redacted().toJson();
  }

  /** Collects members in order. A name that is put again replaces the value it had. */
  public static final class Builder {
    private final List<Map.Entry<String, JsonValue>> members = new ArrayList<>(8);

    private Builder() {}

    /**
     * Adds a member.
     *
     * @param name its name
     * @param value a String, Boolean, Integer, Long (signed), Double, JsonValue, {@link Encodable},
     *     or a List of these; null adds nothing
     * @return this builder
     */
    public Builder put(String name, @Nullable Object value) {
      return value == null ? this : set(name, JsonEncoding.of(value));
    }

    /**
     * Adds an unsigned integer or a list of them.
     *
     * @param name its name
     * @param value a Long whose bits are unsigned, or a List of such; null adds nothing
     * @return this builder
     */
    public Builder putUnsigned(String name, @Nullable Object value) {
      return value == null ? this : set(name, JsonEncoding.ofUnsigned(value));
    }

    /**
     * Adds all members of an object.
     *
     * @param object the object
     * @return this builder
     */
    public Builder putAll(JsonObject object) {
      for (int i = 0; i < object.size; i++) {
        set(object.names[i], object.values[i]);
      }
      return this;
    }

    private Builder set(String name, JsonValue value) {
      Map.Entry<String, JsonValue> member =
          new AbstractMap.SimpleImmutableEntry<>(Objects.requireNonNull(name, "name"), value);
      for (int i = 0; i < members.size(); i++) {
        if (members.get(i).getKey().equals(name)) {
          members.set(i, member);
          return this;
        }
      }
      members.add(member);
      return this;
    }

    /**
     * Makes the object.
     *
     * @return the object
     */
    public JsonObject build() {
      int size = members.size();
      if (size == 0) {
        return EMPTY;
      }
      String[] names = new String[size];
      JsonValue[] values = new JsonValue[size];
      for (int i = 0; i < size; i++) {
        names[i] = members.get(i).getKey();
        values[i] = members.get(i).getValue();
      }
      return new JsonObject(names, values, size);
    }
  }
}
