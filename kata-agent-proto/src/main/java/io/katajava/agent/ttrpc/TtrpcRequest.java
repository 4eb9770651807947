package io.katajava.agent.ttrpc;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * A call as a server sees it.
 *
 * @param service full name, such as {@code grpc.Health}
 * @param method bare name, such as {@code Check}
 * @param payload the encoded request message
 * @param timeout after which the client wants the operation given up; zero means never
 * @param metadata sent by the client
 */
public record TtrpcRequest(
    String service,
    String method,
    ByteBuffer payload,
    Duration timeout,
    Map<String, List<String>> metadata) {

  /**
   * Returns the payload's bytes.
   *
   * @return a copy
   */
  public byte[] bytes() {
    byte[] bytes = new byte[payload.remaining()];
    payload.duplicate().get(bytes);
    return bytes;
  }
}
