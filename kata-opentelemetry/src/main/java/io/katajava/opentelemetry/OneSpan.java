package io.katajava.opentelemetry;

import io.katajava.spi.Observation;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.context.Context;
import org.jspecify.annotations.Nullable;

/** An operation as a span. */
final class OneSpan implements Observation {
  private final Span span;
  private final Context context;

  OneSpan(Span span, Context context) {
    this.span = span;
    this.context = context;
  }

  /** For what is part of it. */
  Context context() {
    return context;
  }

  @Override
  public @Nullable String traceparent() {
    SpanContext id = span.getSpanContext();
    return id.isValid()
        ? "00-" + id.getTraceId() + "-" + id.getSpanId() + "-" + id.getTraceFlags().asHex()
        : null;
  }

  @Override
  public void detail(String key, String value) {
    span.setAttribute("kata." + key, value);
  }

  @Override
  public void end(@Nullable Throwable failure) {
    if (failure != null) {
      SpanText.fail(span, failure);
    }
    span.end();
  }
}
