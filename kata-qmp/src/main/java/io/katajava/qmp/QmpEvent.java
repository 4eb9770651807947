package io.katajava.qmp;

import io.katajava.json.Encodable;
import io.katajava.json.JsonObject;
import java.time.Instant;

/** An event that QEMU sent. The schema's are in {@code io.katajava.qmp.event}. */
public interface QmpEvent extends Encodable {

  /**
   * Returns the name in QMP.
   *
   * @return such as {@code SHUTDOWN}
   */
  String eventName();

  /**
   * Returns when it happened.
   *
   * @return the host's clock, to the microsecond; the epoch if QEMU could not tell
   */
  Instant timestamp();

  /**
   * Returns the data of the event.
   *
   * @return an object, empty if there is none
   */
  @Override
  JsonObject toJson();
}
