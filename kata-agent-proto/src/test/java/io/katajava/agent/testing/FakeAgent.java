package io.katajava.agent.testing;

import com.google.protobuf.Empty;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.katajava.agent.AgentAddress;
import io.katajava.agent.ttrpc.TtrpcException;
import io.katajava.agent.ttrpc.TtrpcRequest;
import io.katajava.agent.ttrpc.TtrpcServer;
import io.katajava.agent.ttrpc.TtrpcStatus;
import io.katajava.transport.Connection;
import io.katajava.transport.UnixSocketListener;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * An agent in this process, behind a real unix socket: it speaks the whole protocol, keeps
 * containers whose programs are Java code, and records every call.
 *
 * <pre>{@code
 * try (FakeAgent agent = FakeAgent.listenIn(directory);
 *     AgentClient client = AgentClient.connect(agent.address(), options)) { ... }
 * }</pre>
 */
public final class FakeAgent implements AutoCloseable {

  /**
   * A call that arrived.
   *
   * @param rpc bare name
   * @param request in protobuf's text format, fields on lines of their own
   * @param timeout after which the client wants it given up, zero for never
   * @param metadata sent with it
   */
  public record Call(
      String rpc, String request, Duration timeout, Map<String, List<String>> metadata) {}

  private final FakeGuest guest = new FakeGuest();
  private final FakeContainers containers;
  private final List<Call> calls = new CopyOnWriteArrayList<>();
  private final Map<String, TtrpcException> refusals;
  private final TtrpcServer server;
  private final AgentAddress.UnixSocket address;

  private FakeAgent(Builder builder, Path socket) throws IOException {
    refusals = Map.copyOf(builder.refusals);
    containers = new FakeContainers(guest, Map.copyOf(builder.programs));
    TtrpcServer.Builder methods = TtrpcServer.builder();
    FakeService.handlers(guest, containers)
        .forEach(
            (name, handler) -> {
              int slash = name.indexOf('/');
              String rpc = name.substring(slash + 1);
              String service = name.substring(0, slash);
              if (handler.waits()) {
                methods.async(service, rpc, request -> later(rpc, handler, request));
              } else {
                methods.unary(service, rpc, request -> later(rpc, handler, request).join());
              }
            });
    server = methods.build();
    server.listen(UnixSocketListener.listen(socket));
    address = new AgentAddress.UnixSocket(socket);
  }

  private CompletableFuture<byte[]> later(
      String rpc, FakeService.Method handler, TtrpcRequest request) {
    try {
      Message message = handler.prototype().newBuilderForType().mergeFrom(request.bytes()).build();
      calls.add(new Call(rpc, message.toString(), request.timeout(), request.metadata()));
      TtrpcException refusal = refusals.get(rpc);
      if (refusal != null) {
        throw refusal;
      }
      return handler.handle(message).thenApply(Message::toByteArray).toCompletableFuture();
    } catch (InvalidProtocolBufferException e) {
      return CompletableFuture.failedFuture(
          new TtrpcException(TtrpcStatus.INVALID_ARGUMENT, "payload: " + e.getMessage()));
    } catch (Exception e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /**
   * Starts an agent with the usual programs.
   *
   * @param directory gets the socket {@code agent.sock}
   * @return a running agent
   * @throws IOException if the socket cannot be made
   */
  public static FakeAgent listenIn(Path directory) throws IOException {
    return builder().listenOn(directory.resolve("agent.sock"));
  }

  /**
   * Begins with the usual programs: cat, echo, false, sh (commands and variables only), sleep,
   * true.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Serves one more connection, of any transport.
   *
   * @param connection an open stream; the agent owns it from now on
   */
  public void serve(Connection connection) {
    server.serve(connection);
  }

  /**
   * Where it listens.
   *
   * @return a unix socket
   */
  public AgentAddress address() {
    return address;
  }

  /**
   * The machine it pretends to be in.
   *
   * @return its state
   */
  public FakeGuest guest() {
    return guest;
  }

  /**
   * What was called so far.
   *
   * @return in order of arrival
   */
  public List<Call> calls() {
    return List.copyOf(calls);
  }

  /** Ends all connections and processes. */
  @Override
  public void close() {
    server.close();
    try {
      containers.removeAll();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  static CompletableFuture<Message> done() {
    return CompletableFuture.completedFuture(Empty.getDefaultInstance());
  }

  /** Collects what an agent can do. */
  public static final class Builder {
    private final Map<String, FakeProgram> programs = FakePrograms.all();
    private final Map<String, TtrpcException> refusals = new LinkedHashMap<>();

    private Builder() {}

    /**
     * Adds or replaces a program.
     *
     * @param name file name, found in any directory
     * @param program what it does
     * @return this builder
     */
    public Builder program(String name, FakeProgram program) {
      programs.put(name, program);
      return this;
    }

    /**
     * Refuses every call of an RPC.
     *
     * @param rpc bare name
     * @param status not OK
     * @param message the agent's text
     * @return this builder
     */
    public Builder refuse(String rpc, TtrpcStatus status, String message) {
      refusals.put(rpc, new TtrpcException(status, message));
      return this;
    }

    /**
     * Starts the agent.
     *
     * @param socket where to listen
     * @return a running agent
     * @throws IOException if the socket cannot be made
     */
    public FakeAgent listenOn(Path socket) throws IOException {
      return new FakeAgent(this, socket);
    }
  }
}
