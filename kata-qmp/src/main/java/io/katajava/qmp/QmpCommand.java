package io.katajava.qmp;

import io.katajava.json.Encodable;
import io.katajava.json.JsonCursor;
import io.katajava.json.JsonObject;

/**
 * A command with its arguments. The schema's are in {@code io.katajava.qmp.command}; a command of
 * another QEMU or of the guest agent may be written by hand.
 *
 * @param <R> what it returns
 */
public interface QmpCommand<R> extends Encodable {

  /**
   * Returns the name in QMP.
   *
   * @return such as {@code query-status}
   */
  String commandName();

  /**
   * Returns the arguments as they are sent.
   *
   * @return an object, empty if there are none
   */
  @Override
  JsonObject toJson();

  /**
   * Reads what the command returned.
   *
   * @param in a cursor on the value of {@code return}
   * @return the result
   * @throws io.katajava.json.JsonException if it is not what the command returns
   */
  R decodeResult(JsonCursor in);

  /**
   * Tells whether the command may overtake others, {@code exec-oob} in QMP.
   *
   * @return false unless overridden
   */
  default boolean allowsOutOfBand() {
    return false;
  }
}
