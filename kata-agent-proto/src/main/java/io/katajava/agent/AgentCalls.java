package io.katajava.agent;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.Empty;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.katajava.agent.ttrpc.CallOptions;
import io.katajava.agent.ttrpc.TtrpcClient;
import io.katajava.agent.ttrpc.TtrpcException;
import io.katajava.agent.ttrpc.TtrpcStatus;
import io.katajava.base.text.PrintableText;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Calls of one connection: messages in and out, failures as {@link AgentException}. */
final class AgentCalls {
  static final String AGENT = "grpc.AgentService";
  static final String HEALTH = "grpc.Health";

  private static final int MAX_TEXT = 8 * 1024;

  /** How the version of our agent begins. */
  private static final String OUR_AGENT = "kata-java ";

  private volatile @Nullable Boolean answersInOrder;

  private final TtrpcClient client;
  private final AgentClientOptions options;
  private final AgentObserver observer;

  AgentCalls(TtrpcClient client, AgentClientOptions options) {
    this(client, options, options.observer());
  }

  private AgentCalls(TtrpcClient client, AgentClientOptions options, AgentObserver observer) {
    this.client = client;
    this.options = options;
    this.observer = observer;
  }

  /** The same connection, followed by another. */
  AgentCalls observedBy(AgentObserver other) {
    AgentCalls calls = new AgentCalls(client, options, other);
    calls.answersInOrder = answersInOrder;
    return calls;
  }

  TtrpcClient client() {
    return client;
  }

  AgentClientOptions options() {
    return options;
  }

  /** Whether the agent answers what is asked of one stream in the order of the requests. */
  boolean answersInOrder(Supplier<AgentVersion> version) {
    Boolean known = answersInOrder;
    if (known == null) {
      known = version.get().agentVersion().startsWith(OUR_AGENT);
      answersInOrder = known;
    }
    return known;
  }

  /** Calls a method of the agent service and waits. The agent gives up at the deadline, too. */
  <T extends MessageLite> T call(
      String rpc, String what, MessageLite request, Parser<T> reply, Duration deadline) {
    return call(AGENT, rpc, what, request, reply, deadline);
  }

  void run(String rpc, String what, MessageLite request, Duration deadline) {
    call(AGENT, rpc, what, request, Empty.parser(), deadline);
  }

  <T extends MessageLite> T call(
      String service,
      String rpc,
      String what,
      MessageLite request,
      Parser<T> reply,
      Duration deadline) {
    return observed(
        service, rpc, what, request, deadline, true, bytes -> parse(rpc, what, bytes, null, reply));
  }

  /** Calls and waits, and lets the observer know. */
  <T> T observed(
      String service,
      String rpc,
      String what,
      MessageLite request,
      Duration deadline,
      boolean serverToo,
      Function<ByteBuffer, T> result) {
    long from = System.nanoTime();
    AgentObserver.Call seen = observer.begin(rpc, what);
    AgentException failure = null;
    try {
      ByteBuffer payload = ByteBuffer.wrap(request.toByteArray());
      CallOptions call = callOptions(deadline, serverToo, seen);
      return result.apply(client.call(service, rpc, payload, call));
    } catch (TtrpcException | AgentException e) {
      failure = failure(rpc, what, e);
      throw failure;
    } finally {
      observer.end(seen, rpc, System.nanoTime() - from, failure);
    }
  }

  /** Calls a method that waits for something; the agent is told no timeout. */
  <T extends MessageLite, R> CompletableFuture<R> callAsync(
      String rpc, String what, MessageLite request, Parser<T> reply, Function<T, R> result) {
    long from = System.nanoTime();
    AgentObserver.Call seen = observer.begin(rpc, what);
    CompletableFuture<ByteBuffer> call =
        client.callAsync(
            AGENT,
            rpc,
            ByteBuffer.wrap(request.toByteArray()),
            callOptions(Duration.ZERO, false, seen));
    CompletableFuture<R> answer = new CompletableFuture<>();
    call.whenComplete(
        (bytes, problem) -> {
          // The observer first, so that who sees the answer finds the call ended. A cancelled one
          // comes here, too.
          R value;
          try {
            value = result.apply(parse(rpc, what, bytes, problem, reply));
          } catch (RuntimeException e) {
            AgentException failure = failure(rpc, what, e);
            observer.end(seen, rpc, System.nanoTime() - from, failure);
            answer.completeExceptionally(failure);
            return;
          }
          observer.end(seen, rpc, System.nanoTime() - from, null);
          answer.complete(value);
        });
    // A derived future does not pass a cancellation on by itself.
    answer.whenComplete(
        (value, problem) -> {
          if (problem instanceof CancellationException) {
            call.cancel(false);
          }
        });
    return answer;
  }

  /** Waits for the answer to a call that was told no timeout. */
  <R> R await(String rpc, String what, CompletableFuture<R> answer, Duration deadline) {
    try {
      return deadline.isZero()
          ? answer.get()
          : answer.get(deadline.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw ended(rpc, what, TtrpcStatus.CANCELLED, "interrupted while waiting", e);
    } catch (TimeoutException e) {
      throw ended(rpc, what, TtrpcStatus.DEADLINE_EXCEEDED, "no reply within " + deadline, e);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw failure(rpc, what, cause);
    }
  }

  private AgentException ended(
      String rpc, String what, TtrpcStatus status, String reason, Exception cause) {
    return new AgentException(status, rpc, options.name(), rpc + " of " + what, reason, cause);
  }

  private <T extends MessageLite> T parse(
      String rpc,
      String what,
      @Nullable ByteBuffer bytes,
      @Nullable Throwable problem,
      Parser<T> reply) {
    Throwable cause = problem;
    if (bytes != null) {
      try {
        return parse(bytes, reply);
      } catch (InvalidProtocolBufferException e) {
        cause = e;
      }
    }
    if (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    throw failure(
        rpc, what, cause == null ? new IllegalStateException("neither value nor failure") : cause);
  }

  private static <T extends MessageLite> T parse(ByteBuffer bytes, Parser<T> parser)
      throws InvalidProtocolBufferException {
    CodedInputStream in = CodedInputStream.newInstance(bytes);
    // The frame is this reply's alone: its data need not be copied.
    in.enableAliasing(true);
    return parser.parseFrom(in);
  }

  private CallOptions callOptions(
      Duration deadline, boolean serverToo, AgentObserver.@Nullable Call seen) {
    String trace = seen == null ? null : seen.traceparent();
    if (trace == null) {
      trace = options.traceparent().get();
    }
    Map<String, List<String>> metadata =
        trace == null ? Map.of() : Map.of("traceparent", List.of(trace));
    return new CallOptions(deadline, serverToo, metadata);
  }

  AgentException failure(String rpc, String what, Throwable cause) {
    if (rpc.equals("connection")) {
      TtrpcStatus status = TtrpcStatus.UNAVAILABLE;
      String text = printable(String.valueOf(cause.getMessage()));
      return new AgentException(
          status, rpc, options.name(), "the connection to the agent", text, cause);
    }
    String attempt = what.isEmpty() ? rpc : rpc + " of " + what;
    if (cause instanceof AgentException known) {
      return known;
    }
    if (cause instanceof TtrpcException refused) {
      String text = String.valueOf(refused.getMessage());
      int prefix = text.startsWith("calling ") ? text.indexOf(": ") + 2 : 0;
      return new AgentException(
          refused.status(), rpc, options.name(), attempt, printable(text.substring(prefix)), cause);
    }
    if (cause instanceof CancellationException) {
      return new AgentException(
          TtrpcStatus.CANCELLED, rpc, options.name(), attempt, "the caller no longer waits", cause);
    }
    String reason = "the reply could not be understood: " + cause.getMessage();
    return new AgentException(
        TtrpcStatus.INTERNAL, rpc, options.name(), attempt, printable(reason), cause);
  }

  /** The guest is not to be trusted: no terminal sequences, no endless texts. */
  static String printable(String text) {
    return PrintableText.lines(
        text.length() > MAX_TEXT ? text.substring(0, MAX_TEXT) + "..." : text);
  }
}
