package io.katajava.internal.exec;

import java.nio.ByteBuffer;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * An output stream for one subscriber: chunks as they came, no more than it asked for. Holds no
 * thread; signals are given one after the other on the workers.
 */
public final class OutputPublisher implements Flow.Publisher<ByteBuffer> {
  private final OutputBuffer buffer;
  private final Executor executor;
  private final AtomicBoolean taken = new AtomicBoolean();

  public OutputPublisher(OutputBuffer buffer, Executor executor) {
    this.buffer = buffer;
    this.executor = executor;
  }

  @Override
  public void subscribe(Flow.Subscriber<? super ByteBuffer> subscriber) {
    if (!taken.compareAndSet(false, true)) {
      subscriber.onSubscribe(NOTHING);
      subscriber.onError(new IllegalStateException("an output stream has one subscriber only"));
      return;
    }
    Delivery subscription = new Delivery(subscriber);
    subscriber.onSubscribe(subscription);
    subscription.delivery.schedule();
  }

  private static final Flow.Subscription NOTHING =
      new Flow.Subscription() {
        @Override
        public void request(long n) {}

        @Override
        public void cancel() {}
      };

  private final class Delivery implements Flow.Subscription {
    private final Flow.Subscriber<? super ByteBuffer> subscriber;
    private final AtomicLong demand = new AtomicLong();
    private final SerialTask delivery = new SerialTask(this::deliver, executor, this::broken);
    private volatile boolean done;
    private volatile @Nullable Throwable misuse;
    private @Nullable ByteBuffer next;

    Delivery(Flow.Subscriber<? super ByteBuffer> subscriber) {
      this.subscriber = subscriber;
    }

    @Override
    public void request(long n) {
      if (n <= 0) {
        misuse = new IllegalArgumentException("a demand is positive, got " + n);
      } else {
        demand.accumulateAndGet(n, (a, b) -> a + b < 0 ? Long.MAX_VALUE : a + b);
      }
      delivery.schedule();
    }

    @Override
    public void cancel() {
      done = true;
      buffer.close();
    }

    /** It gets nothing more, and holds up nobody. */
    private void broken(Throwable problem) {
      boolean first = !done;
      cancel();
      if (first && problem instanceof Error) {
        // Not the breach of a contract, of which its author need not be told twice.
        subscriber.onError(problem);
      }
    }

    private void deliver() {
      while (!done) {
        Throwable wrong = misuse;
        if (wrong != null) {
          cancel();
          subscriber.onError(wrong);
          return;
        }
        if (next == null) {
          OutputBuffer.Polled polled = buffer.poll(delivery::schedule);
          if (polled.ended()) {
            finish(polled.failure());
            return;
          }
          next = polled.chunk();
        }
        ByteBuffer chunk = next;
        if (chunk == null || demand.get() == 0) {
          return;
        }
        next = null;
        demand.updateAndGet(n -> n == Long.MAX_VALUE ? n : n - 1);
        subscriber.onNext(chunk.asReadOnlyBuffer());
      }
    }

    private void finish(@Nullable Throwable failure) {
      done = true;
      if (failure == null) {
        subscriber.onComplete();
      } else {
        subscriber.onError(failure);
      }
    }
  }
}
