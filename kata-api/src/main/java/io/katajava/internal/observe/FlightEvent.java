package io.katajava.internal.observe;

import org.jspecify.annotations.Nullable;

/** An event for the flight recorder, named without its classes, which a Java runtime may lack. */
interface FlightEvent {
  void detail(String key, String value);

  void end(@Nullable Throwable failure);
}
