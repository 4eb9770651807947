package io.katajava.json;

/** A JSON {@code true} or {@code false}. */
public enum JsonBoolean implements JsonValue {
  /** {@code true}. */
  TRUE(true),
  /** {@code false}. */
  FALSE(false);

  private final boolean value;

  JsonBoolean(boolean value) {
    this.value = value;
  }

  /**
   * Turns a boolean into JSON.
   *
   * @param value the boolean
   * @return {@link #TRUE} or {@link #FALSE}
   */
  public static JsonBoolean of(boolean value) {
    return value ? TRUE : FALSE;
  }

  /**
   * Returns the boolean.
   *
   * @return the boolean
   */
  public boolean value() {
    return value;
  }

  @Override
  public String toString() {
    return Boolean.toString(value);
  }
}
