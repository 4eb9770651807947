package io.katajava.json;

/** The JSON value {@code null}. */
public enum JsonNull implements JsonValue {
  /** The only one. */
  INSTANCE;

  @Override
  public String toString() {
    return "null";
  }
}
