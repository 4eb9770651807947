package io.katajava.qmp;

import io.katajava.json.Encodable;
import io.katajava.json.JsonString;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A value of a QMP enumeration. The known ones are constants of the subclass; one that a newer QEMU
 * sends is kept with its text. Compare with {@code equals}, or switch over {@link #value}.
 */
public abstract class OpenEnum implements Encodable {
  private final String value;

  /**
   * For the generated subclasses.
   *
   * @param value the text in QMP
   */
  protected OpenEnum(String value) {
    this.value = Objects.requireNonNull(value, "value");
  }

  /**
   * Returns the text in QMP.
   *
   * @return the text
   */
  public final String value() {
    return value;
  }

  /**
   * Tells whether the schema this client was built with has the value.
   *
   * @return whether it is one of the constants
   */
  public abstract boolean isKnown();

  @Override
  public final JsonString toJson() {
    return new JsonString(value);
  }

  @Override
  public final boolean equals(@Nullable Object other) {
    return other instanceof OpenEnum open
        && open.getClass() == getClass()
        && open.value.equals(value);
  }

  @Override
  public final int hashCode() {
    return value.hashCode();
  }

  @Override
  public final String toString() {
    return value;
  }
}
