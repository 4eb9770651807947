package io.katajava.agent.ttrpc;

import io.katajava.base.threads.OwnedThreads;
import io.katajava.transport.Connection;
import io.katajava.transport.ConnectionClosedException;
import io.katajava.transport.UnixSocketListener;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A ttRPC server for tests and tools. It serves any number of connections; every request runs
 * concurrently with the others.
 */
public final class TtrpcServer implements AutoCloseable {
  /**
   * Most calls of one connection that are served at the same time; further ones get
   * RESOURCE_EXHAUSTED.
   */
  public static final int MAX_CALLS = 2048;

  private static final Logger LOG = LoggerFactory.getLogger(TtrpcServer.class);

  /** No event tells that there are descriptors again. */
  private static final Duration REST = Duration.ofMillis(100);

  /** Answers one request with one reply. Runs on the server's executor and may block. */
  @FunctionalInterface
  public interface UnaryHandler {
    /**
     * Handles a call.
     *
     * @param request what the client sent
     * @return the encoded reply message
     * @throws TtrpcException to choose the status of the reply
     * @throws Exception for any other failure; the client sees INTERNAL and the text
     */
    byte[] handle(TtrpcRequest request) throws Exception;
  }

  /** Answers one request later. Runs on the thread that reads the connection: must not block. */
  @FunctionalInterface
  public interface AsyncHandler {
    /**
     * Handles a call.
     *
     * @param request what the client sent
     * @return the encoded reply message, when it is there
     */
    CompletionStage<byte[]> handle(TtrpcRequest request);
  }

  /** Serves a streaming call. Runs on the server's executor and may block. */
  @FunctionalInterface
  public interface StreamHandler {
    /**
     * Handles a call from its opening to its end.
     *
     * @param request what the client sent; with a client stream its payload is empty
     * @param stream both halves
     * @return the encoded reply message of a method that answers once, or null to end the stream
     * @throws TtrpcException to choose the status the call fails with
     * @throws Exception for any other failure; the client sees INTERNAL and the text
     */
    byte @Nullable [] handle(TtrpcRequest request, TtrpcServerStream stream) throws Exception;
  }

  private final Map<String, Map<String, Object>> services;
  private final Executor executor;
  private final Set<TtrpcServerConnection> connections = ConcurrentHashMap.newKeySet();
  private final Set<UnixSocketListener> listeners = ConcurrentHashMap.newKeySet();
  private final Set<Thread> threads = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean closed = new AtomicBoolean();

  private TtrpcServer(Map<String, Map<String, Object>> services, Executor executor) {
    this.services = services;
    this.executor = executor;
  }

  /**
   * Begins a server without any method.
   *
   * @return the builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Serves one connection until it ends.
   *
   * @param connection an open stream; the server owns it from now on
   */
  public void serve(Connection connection) {
    TtrpcServerConnection served = new TtrpcServerConnection(this, connection);
    connections.add(served);
    start("ttrpc-server-" + connection.describe(), served::run);
    if (closed.get()) {
      served.close();
    }
  }

  /**
   * Serves every connection a listener accepts.
   *
   * @param listener the server closes it in {@link #close}
   */
  public void listen(UnixSocketListener listener) {
    listeners.add(listener);
    start("ttrpc-accept-" + listener.path(), () -> accept(listener));
    if (closed.get()) {
      listener.close();
    }
  }

  /** Until the listener is closed; what the system refuses meanwhile ends nothing. */
  private void accept(UnixSocketListener listener) {
    boolean told = false;
    while (true) {
      try {
        serve(listener.accept());
        told = false;
      } catch (ConnectionClosedException e) {
        LOG.debug("stopped listening on {}", listener.path());
        return;
      } catch (IOException e) {
        if (!told) {
          LOG.warn("{}; it is tried again", e.getMessage());
          told = true;
        }
        LockSupport.parkNanos(REST.toNanos());
      }
    }
  }

  private void start(String name, Runnable work) {
    Thread thread =
        OwnedThreads.make(
            name,
            () -> {
              try {
                work.run();
              } finally {
                threads.remove(Thread.currentThread());
              }
            },
            problem -> LOG.warn("{} ended: {}", name, problem.toString()));
    threads.add(thread);
    thread.start();
  }

  @Nullable Map<String, Object> service(String name) {
    return services.get(name);
  }

  Executor executor() {
    return executor;
  }

  void ended(TtrpcServerConnection connection) {
    connections.remove(connection);
  }

  /**
   * Closes the listeners and connections and ends the server's threads; handlers may outlive it.
   */
  @Override
  public void close() {
    closed.set(true);
    listeners.forEach(UnixSocketListener::close);
    connections.forEach(TtrpcServerConnection::close);
    try {
      for (Thread thread : threads) {
        if (thread != Thread.currentThread()) {
          thread.join(5_000);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Collects the methods of a server. */
  public static final class Builder {
    private final Map<String, Map<String, Object>> services = new LinkedHashMap<>();
    private Executor executor = SharedThreads.CALLBACKS;

    private Builder() {}

    /**
     * Adds a method that may block.
     *
     * @param service full name of the service
     * @param method bare name
     * @param handler answers the calls
     * @return this builder
     */
    public Builder unary(String service, String method, UnaryHandler handler) {
      return add(service, method, handler);
    }

    /**
     * Adds a method that answers later without blocking.
     *
     * @param service full name of the service
     * @param method bare name
     * @param handler answers the calls
     * @return this builder
     */
    public Builder async(String service, String method, AsyncHandler handler) {
      return add(service, method, handler);
    }

    /**
     * Adds a streaming method.
     *
     * @param service full name of the service
     * @param method bare name
     * @param handler answers the calls
     * @return this builder
     */
    public Builder streaming(String service, String method, StreamHandler handler) {
      return add(service, method, handler);
    }

    private Builder add(String service, String method, Object handler) {
      Object before =
          services.computeIfAbsent(service, s -> new LinkedHashMap<>()).put(method, handler);
      if (before != null) {
        throw new IllegalArgumentException(service + "/" + method + " has a handler already");
      }
      return this;
    }

    /**
     * Replaces the executor of blocking handlers; by default they run on shared threads, one each.
     *
     * @param executor must run every handler without waiting for another
     * @return this builder
     */
    public Builder executor(Executor executor) {
      this.executor = executor;
      return this;
    }

    /**
     * Makes the server. It serves nobody until {@link #serve} or {@link #listen}.
     *
     * @return the server
     */
    public TtrpcServer build() {
      Map<String, Map<String, Object>> copy = new LinkedHashMap<>();
      services.forEach((name, methods) -> copy.put(name, Map.copyOf(methods)));
      return new TtrpcServer(Map.copyOf(copy), executor);
    }
  }

  static ByteBuffer wrap(byte @Nullable [] payload) {
    return payload == null ? ByteBuffer.allocate(0) : ByteBuffer.wrap(payload);
  }
}
