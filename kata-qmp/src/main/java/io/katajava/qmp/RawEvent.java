package io.katajava.qmp;

import io.katajava.json.JsonCursor;
import io.katajava.json.JsonException;
import io.katajava.json.JsonObject;
import io.katajava.qmp.event.EventVocabulary;
import java.time.Instant;
import java.util.Set;

/**
 * An event as the reader hands it on; whoever takes it decodes it.
 *
 * @param length bytes it had on the wire
 */
record RawEvent(String name, Instant timestamp, JsonObject data, int length) {
  /** The kinds of which QEMU itself leaves some out when there are many. */
  private static final Set<String> RATE_LIMITED =
      Set.of(
          "BALLOON_CHANGE",
          "HV_BALLOON_STATUS_REPORT",
          "MEMORY_DEVICE_SIZE_CHANGE",
          "QUORUM_FAILURE",
          "QUORUM_REPORT_BAD",
          "RTC_CHANGE",
          "VSERPORT_CHANGE",
          "WATCHDOG");

  private static final long OBJECTS = 256;
  private static final long TIMES_TEXT = 4;

  static RawEvent of(JsonObject message, int length) {
    JsonCursor in = JsonCursor.of(message, "event");
    String name = in.member("event").string();
    JsonObject data = in.has("data") ? in.member("data").object() : JsonObject.EMPTY;
    return new RawEvent(name, timestamp(in), data, length);
  }

  private static Instant timestamp(JsonCursor in) {
    if (!in.has("timestamp")) {
      return Instant.EPOCH;
    }
    JsonCursor timestamp = in.member("timestamp");
    long seconds = timestamp.member("seconds").integer(-1, Instant.MAX.getEpochSecond());
    long micros = timestamp.member("microseconds").integer(-1, 999_999);
    // Both are -1 where the host's clock could not be read.
    return seconds < 0 || micros < 0
        ? Instant.EPOCH
        : Instant.ofEpochSecond(seconds, micros * 1000);
  }

  /** About how much memory it takes: JSON as objects takes several times what it takes as text. */
  long cost() {
    return OBJECTS + TIMES_TEXT * length;
  }

  boolean isRateLimited() {
    return RATE_LIMITED.contains(name);
  }

  QmpEvent decode() {
    try {
      return EventVocabulary.decode(name, timestamp, JsonCursor.of(data, name));
    } catch (JsonException e) {
      throw new QmpProtocolException(
          "event " + name + " is not what the schema says: " + e.getMessage(), data.toString(), e);
    }
  }
}
