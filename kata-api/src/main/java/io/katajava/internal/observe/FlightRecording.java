package io.katajava.internal.observe;

import io.katajava.spi.Operation;
import jdk.jfr.FlightRecorder;
import org.jspecify.annotations.Nullable;

/**
 * Whether the JDK's flight recorder runs. Until one was started in this JVM its classes and ours
 * for it are not even loaded.
 */
final class FlightRecording {
  /** A runtime image may be made without it. */
  private static final boolean PRESENT = ModuleLayer.boot().findModule("jdk.jfr").isPresent();

  private FlightRecording() {}

  /** The event of an operation that begins; null when nobody records it. */
  static @Nullable FlightEvent begin(Operation.Kind kind, String name, String subject, String id) {
    return PRESENT && Recorder.runs() ? FlightEvents.begin(kind, name, subject, id) : null;
  }

  /** Loaded only where the recorder is. */
  private static final class Recorder {
    static boolean runs() {
      return FlightRecorder.isInitialized();
    }
  }
}
