package io.katajava.qmp;

import io.katajava.json.JsonObject;
import java.time.Instant;
import java.util.Objects;

/**
 * An event that the schema this client was built with does not have.
 *
 * @param eventName its name in QMP
 * @param timestamp when it happened
 * @param data what it carries, empty if nothing
 */
public record UnknownEvent(String eventName, Instant timestamp, JsonObject data)
    implements QmpEvent {

  /**
   * Checks that nothing is null.
   *
   * @param eventName its name in QMP
   * @param timestamp when it happened
   * @param data what it carries, empty if nothing
   */
  public UnknownEvent {
    Objects.requireNonNull(eventName, "eventName");
    Objects.requireNonNull(timestamp, "timestamp");
    Objects.requireNonNull(data, "data");
  }

  @Override
  public JsonObject toJson() {
    return data;
  }
}
