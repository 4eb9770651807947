package io.katajava.config;

/** Types of values. */
public enum ValueType {
  /** {@code true} or {@code false}; a {@link Boolean}. */
  BOOLEAN("boolean", "a boolean"),
  /** A whole number; a {@link Long}. */
  INTEGER("integer", "an integer"),
  /** A number, written with or without a point; a {@link Double}. */
  FLOAT("float", "a number"),
  /** Text; a {@link String}. */
  STRING("string", "a string"),
  /** An array of text; a {@code List<String>}. */
  STRINGS("strings", "an array of strings"),
  /** An array of whole numbers; a {@code List<Long>}. */
  INTEGERS("integers", "an array of integers"),
  /** An array of tables; a {@code List<Map<String, Object>>} of known keys and their values. */
  TABLES("tables", "an array of tables");

  private final String label;
  private final String phrase;

  ValueType(String label, String phrase) {
    this.label = label;
    this.phrase = phrase;
  }

  /**
   * The type's name, as the reference and {@code kata config} print it.
   *
   * @return a word
   */
  public String label() {
    return label;
  }

  /**
   * The type in a sentence.
   *
   * @return article and noun
   */
  public String phrase() {
    return phrase;
  }

  static ValueType ofLabel(String label) {
    for (ValueType type : values()) {
      if (type.label.equals(label)) {
        return type;
      }
    }
    throw new IllegalArgumentException("no type is called '" + label + "'");
  }
}
