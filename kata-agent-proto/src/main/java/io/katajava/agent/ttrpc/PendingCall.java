package io.katajava.agent.ttrpc;

import io.katajava.base.threads.OwnedThreads;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A unary call in flight: either a thread waits for it, or a future is completed with it. */
final class PendingCall implements Pending {
  private final String service;
  private final String method;
  private final @Nullable Thread waiter;
  private final @Nullable ReplyFuture future;
  private final Executor executor;

  /** An Envelope.Response or a Failure. */
  private final AtomicReference<@Nullable Object> outcome = new AtomicReference<>();

  private volatile @Nullable Future<?> timeout;
  private volatile int streamId;

  /** For a thread that will call {@link #await}. */
  static PendingCall blocking(String service, String method) {
    return new PendingCall(service, method, Thread.currentThread(), null, Runnable::run);
  }

  static PendingCall async(String service, String method, ReplyFuture future, Executor executor) {
    return new PendingCall(service, method, null, future, executor);
  }

  private PendingCall(
      String service,
      String method,
      @Nullable Thread waiter,
      @Nullable ReplyFuture future,
      Executor executor) {
    this.service = service;
    this.method = method;
    this.waiter = waiter;
    this.future = future;
    this.executor = executor;
  }

  int streamId() {
    return streamId;
  }

  void streamId(int id) {
    streamId = id;
  }

  void timeout(Future<?> task) {
    timeout = task;
    if (outcome.get() != null) {
      task.cancel(false);
    }
  }

  @Override
  public void received(Frame frame) {
    Object result;
    byte[] body = frame.body();
    if (frame.type() != Frame.RESPONSE || body == null) {
      return;
    }
    try {
      Envelope.Response response = Envelope.parseResponse(body);
      result =
          response.code() == 0
              ? response
              : new Failure(TtrpcStatus.of(response.code()), response.message(), null);
    } catch (IOException e) {
      result = new Failure(TtrpcStatus.INTERNAL, "the reply is malformed: " + e.getMessage(), e);
    }
    finish(result);
  }

  @Override
  public void failed(Failure failure) {
    finish(failure);
  }

  private void finish(Object result) {
    if (!outcome.compareAndSet(null, result)) {
      return;
    }
    Future<?> task = timeout;
    if (task != null) {
      task.cancel(false);
    }
    if (waiter != null) {
      LockSupport.unpark(waiter);
    }
    ReplyFuture completed = future;
    if (completed != null) {
      OwnedThreads.handOver(executor, () -> complete(completed, result));
    }
  }

  private void complete(ReplyFuture completed, Object result) {
    if (result instanceof Failure failure) {
      completed.completeExceptionally(failure.toException(service, method));
    } else {
      completed.complete(((Envelope.Response) result).payload());
    }
  }

  /**
   * Waits for the outcome.
   *
   * @param deadline as of System.nanoTime(), or 0 for none
   * @return the payload, or null if the deadline passed
   */
  @Nullable ByteBuffer await(long deadline) throws InterruptedException {
    Object result;
    while ((result = outcome.get()) == null) {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      if (deadline == 0) {
        LockSupport.park(this);
      } else {
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          return null;
        }
        LockSupport.parkNanos(this, left);
      }
    }
    if (result instanceof Failure failure) {
      throw failure.toException(service, method);
    }
    return ((Envelope.Response) result).payload();
  }
}
