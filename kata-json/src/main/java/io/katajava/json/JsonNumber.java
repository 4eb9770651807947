package io.katajava.json;

import java.math.BigInteger;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A JSON number, kept exactly as it was written. */
public final class JsonNumber implements JsonValue {
  private final long value;

  /** The number as written where it is not an integer of 64 bits with sign. */
  private final @Nullable String text;

  private JsonNumber(long value, @Nullable String text) {
    this.value = value;
    this.text = text;
  }

  /**
   * Makes a number of a signed integer.
   *
   * @param value the integer
   * @return the number
   */
  public static JsonNumber of(long value) {
    return new JsonNumber(value, null);
  }

  /**
   * Makes a number of an unsigned integer.
   *
   * @param bits the integer, its 64 bits taken as unsigned
   * @return the number, never negative
   */
  public static JsonNumber ofUnsigned(long bits) {
    return bits >= 0 ? of(bits) : new JsonNumber(0, Long.toUnsignedString(bits));
  }

  /**
   * Makes a number of a floating point value.
   *
   * @param value the value
   * @return the number
   * @throws IllegalArgumentException if the value is infinite or not a number: JSON has none
   */
  public static JsonNumber of(double value) {
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      throw new IllegalArgumentException("JSON has no number " + value);
    }
    return new JsonNumber(0, Double.toString(value));
  }

  static JsonNumber ofText(String text) {
    return new JsonNumber(0, text);
  }

  /**
   * Tells whether the number is an integer that fits a {@code long}.
   *
   * @return whether {@link #longValue} works
   */
  public boolean isLong() {
    return text == null;
  }

  /**
   * Returns the number as a signed integer.
   *
   * @return the integer
   * @throws ArithmeticException if it is not an integer of 64 bits with sign
   */
  public long longValue() {
    if (text != null) {
      throw new ArithmeticException(text + " is not a signed integer of 64 bits");
    }
    return value;
  }

  /**
   * Returns the number as an unsigned integer, in the bits of a {@code long}.
   *
   * @return the 64 bits, see {@link Long#toUnsignedString(long)}
   * @throws ArithmeticException if it is not an integer from 0 to 2<sup>64</sup>-1
   */
  public long unsignedLongValue() {
    if (text == null && value >= 0) {
      return value;
    }
    try {
      return Long.parseUnsignedLong(toJson());
    } catch (NumberFormatException e) {
      throw new ArithmeticException(toJson() + " is not an unsigned integer of 64 bits");
    }
  }

  /**
   * Returns the number as an integer of any size.
   *
   * @return the integer
   * @throws ArithmeticException if it has a fraction or an exponent
   */
  public BigInteger bigIntegerValue() {
    try {
      return new BigInteger(toJson());
    } catch (NumberFormatException e) {
      throw new ArithmeticException(toJson() + " is not an integer");
    }
  }

  /**
   * Returns the nearest floating point value.
   *
   * @return the value, possibly rounded
   */
  public double doubleValue() {
    return text == null ? (double) value : Double.parseDouble(text);
  }

  @Override
  public String toJson() {
    return text == null ? Long.toString(value) : text;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof JsonNumber number
        && value == number.value
        && Objects.equals(text, number.text);
  }

  @Override
  public int hashCode() {
    return 31 * Long.hashCode(value) + Objects.hashCode(text);
  }

  @Override
  public String toString() {
    return toJson();
  }
}
