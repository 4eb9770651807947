package io.katajava.opentelemetry;

import io.katajava.spi.KataObserver;
import io.katajava.spi.Observation;
import io.katajava.spi.Operation;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import org.jspecify.annotations.Nullable;

/**
 * Makes a span of every operation: a start is a part of what is current where it is called, phases
 * are parts of the start, calls of the agent and commands of the hypervisor parts of a phase, an
 * execution, or what is current. Such a call that is part of nothing has no span: it would be a
 * trace of its own each time.
 *
 * <p>The context of a call's span travels to the agent as {@code traceparent}, sampled or not.
 */
public final class OpenTelemetryObserver implements KataObserver {
  /** The name of the tracer. */
  public static final String INSTRUMENTATION = "io.katajava";

  private final Tracer tracer;

  private OpenTelemetryObserver(Tracer tracer) {
    this.tracer = tracer;
  }

  /**
   * Makes spans with this.
   *
   * @param openTelemetry its tracer {@value #INSTRUMENTATION} is used
   * @return for {@link io.katajava.Kata.Builder#observer}
   */
  public static OpenTelemetryObserver of(OpenTelemetry openTelemetry) {
    return new OpenTelemetryObserver(openTelemetry.getTracer(INSTRUMENTATION));
  }

  @Override
  public @Nullable Observation begin(Operation operation, @Nullable Observation parent) {
    Context context = parent instanceof OneSpan above ? above.context() : Context.current();
    boolean call =
        operation.kind() == Operation.Kind.RPC || operation.kind() == Operation.Kind.HYPERVISOR;
    if (call && !Span.fromContext(context).getSpanContext().isValid()) {
      return null;
    }
    SpanBuilder builder =
        tracer
            .spanBuilder(SpanText.nameOf(operation))
            .setParent(context)
            .setSpanKind(call ? SpanKind.CLIENT : SpanKind.INTERNAL);
    SpanText.describe(operation, builder);
    Span span = builder.startSpan();
    return new OneSpan(span, context.with(span));
  }

  @Override
  public Runnable carrying(Runnable task) {
    Context context = Context.current();
    return context == Context.root() ? task : context.wrap(task);
  }
}
