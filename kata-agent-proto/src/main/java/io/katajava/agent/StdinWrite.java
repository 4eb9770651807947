package io.katajava.agent;

import com.google.protobuf.UnsafeByteOperations;
import io.katajava.agent.internal.wire.WriteStreamRequest;
import io.katajava.agent.internal.wire.WriteStreamResponse;
import io.katajava.agent.ttrpc.TtrpcStatus;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Writes to a process piece by piece, each when the one before was taken. */
final class StdinWrite {

  /**
   * Most bytes of one call, so that a transfer does not hold up other calls. Twice as many are
   * never faster, and slower where the guest's allocator takes fresh pages for each (measured).
   */
  static final int PIECE = 128 * 1024;

  private final AgentCalls calls;
  private final String containerId;
  private final String execId;
  private final ByteBuffer rest;
  private final CompletableFuture<Void> done = new CompletableFuture<>();
  private volatile @Nullable CompletableFuture<Integer> current;

  StdinWrite(AgentCalls calls, String containerId, String execId, ByteBuffer data) {
    this.calls = calls;
    this.containerId = containerId;
    this.execId = execId;
    this.rest = data;
  }

  CompletableFuture<Void> start() {
    done.whenComplete(
        (value, problem) -> {
          CompletableFuture<Integer> piece = current;
          if (done.isCancelled() && piece != null) {
            piece.cancel(false);
          }
        });
    next();
    return done;
  }

  private void next() {
    int length = Math.min(PIECE, rest.remaining());
    WriteStreamRequest request =
        WriteStreamRequest.newBuilder()
            .setContainerId(containerId)
            .setExecId(execId)
            .setData(UnsafeByteOperations.unsafeWrap(rest.slice().limit(length)))
            .build();
    CompletableFuture<Integer> piece =
        calls.callAsync(
            "WriteStdin",
            containerId + "/" + execId,
            request,
            WriteStreamResponse.parser(),
            WriteStreamResponse::getLen);
    current = piece;
    if (done.isCancelled()) {
      piece.cancel(false);
    }
    piece.whenComplete((written, problem) -> taken(length, written, problem));
  }

  private void taken(int length, @Nullable Integer written, @Nullable Throwable problem) {
    if (problem != null) {
      done.completeExceptionally(problem);
    } else if (written == null || written != length) {
      done.completeExceptionally(
          new AgentException(
              TtrpcStatus.DATA_LOSS,
              "WriteStdin",
              calls.options().name(),
              "WriteStdin of " + containerId + "/" + execId,
              "the agent took " + written + " of " + length + " bytes",
              null));
    } else {
      rest.position(rest.position() + length);
      if (!rest.hasRemaining()) {
        done.complete(null);
      } else if (!done.isDone()) {
        next();
      }
    }
  }
}
