package io.katajava.agent;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;

/**
 * A way to make every RPC by name with JSON in and out, for tools. Reached by {@link
 * AgentClient#json}. Needs {@code com.google.protobuf:protobuf-java-util} on the class path, which
 * this module only suggests.
 *
 * <p>The mapping is protobuf's own: field names as in the protocol, 64-bit numbers as strings,
 * bytes in base64. Names in lower camel case are understood, too.
 */
public final class AgentJson {
  private static final JsonFormat.Printer PRINTER =
      JsonFormat.printer().preservingProtoFieldNames().alwaysPrintFieldsWithNoPresence();

  private final AgentCalls calls;
  private final Optional<Duration> deadline;

  AgentJson(AgentCalls calls, Optional<Duration> deadline) {
    this.calls = calls;
    this.deadline = deadline;
  }

  /**
   * Calls an RPC and waits for its answer: as long as the deadline allows, or any time if it {@link
   * AgentMethod#waits} and no deadline was chosen.
   *
   * @param method which one
   * @param json the request; an empty text is an empty request
   * @return the reply, with all fields
   * @throws IllegalArgumentException if the text is not such a request
   * @throws AgentException as every call
   */
  public String call(AgentMethod method, String json) {
    DynamicMessage.Builder request = DynamicMessage.newBuilder(method.descriptor().getInputType());
    try {
      if (!json.isBlank()) {
        JsonFormat.parser().merge(json, request);
      }
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException(
          "not a request of " + method.name() + ": " + e.getMessage(), e);
    }
    Duration limit =
        deadline.orElse(method.waits() ? Duration.ZERO : calls.options().callDeadline());
    ByteBuffer reply =
        calls.observed(
            method.service(),
            method.name(),
            "",
            request.build(),
            limit,
            !method.waits(),
            bytes -> bytes);
    try {
      return PRINTER.print(
          DynamicMessage.parseFrom(
              method.descriptor().getOutputType(), CodedInputStream.newInstance(reply)));
    } catch (IOException e) {
      throw calls.failure(method.name(), "", e);
    }
  }
}
