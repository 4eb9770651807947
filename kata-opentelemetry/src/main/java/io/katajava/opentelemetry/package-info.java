/**
 * Spans of OpenTelemetry for what a runtime does. On the class path it follows every runtime as
 * soon as the application has set {@link io.opentelemetry.api.GlobalOpenTelemetry}; with another
 * {@link io.opentelemetry.api.OpenTelemetry} give {@link OpenTelemetryObserver#of} to {@link
 * io.katajava.Kata.Builder#observer}.
 */
@NullMarked
package io.katajava.opentelemetry;

import org.jspecify.annotations.NullMarked;
