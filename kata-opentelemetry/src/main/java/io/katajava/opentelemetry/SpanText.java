package io.katajava.opentelemetry;

import io.katajava.KataException;
import io.katajava.agent.AgentException;
import io.katajava.spi.Operation;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.StatusCode;

/** Names and attributes of spans; the documentation lists them. */
final class SpanText {
  private static final AttributeKey<String> SANDBOX = AttributeKey.stringKey("kata.sandbox.id");
  private static final AttributeKey<String> SUBJECT = AttributeKey.stringKey("kata.subject");
  private static final AttributeKey<String> PHASE = AttributeKey.stringKey("kata.start.phase");
  private static final AttributeKey<String> COMMAND =
      AttributeKey.stringKey("kata.hypervisor.command");
  private static final AttributeKey<String> PROGRAM =
      AttributeKey.stringKey("process.executable.name");
  private static final AttributeKey<String> RPC_SYSTEM = AttributeKey.stringKey("rpc.system");
  private static final AttributeKey<String> RPC_METHOD = AttributeKey.stringKey("rpc.method");
  private static final AttributeKey<String> ERROR_TYPE = AttributeKey.stringKey("error.type");

  private SpanText() {}

  static String nameOf(Operation operation) {
    return switch (operation.kind()) {
      case START -> "kata " + operation.name();
      case PHASE -> "phase " + operation.name();
      case EXEC -> "exec " + operation.name();
      case RPC -> "agent " + operation.name();
      case HYPERVISOR -> "hypervisor " + operation.name();
    };
  }

  static void describe(Operation operation, SpanBuilder span) {
    span.setAttribute(SANDBOX, operation.sandboxId());
    if (!operation.subject().isEmpty()) {
      span.setAttribute(SUBJECT, operation.subject());
    }
    switch (operation.kind()) {
      case START -> {}
      case PHASE -> span.setAttribute(PHASE, operation.name());
      case EXEC -> span.setAttribute(PROGRAM, operation.name());
      case RPC -> span.setAttribute(RPC_SYSTEM, "ttrpc").setAttribute(RPC_METHOD, operation.name());
      case HYPERVISOR -> span.setAttribute(COMMAND, operation.name());
    }
  }

  static void fail(Span span, Throwable failure) {
    String type = failure.getClass().getName();
    if (failure instanceof KataException known) {
      type = known.code().name();
    } else if (failure instanceof AgentException refused) {
      type = refused.status().name();
    }
    span.setAttribute(ERROR_TYPE, type);
    span.setStatus(StatusCode.ERROR, String.valueOf(failure.getMessage()));
  }
}
