package io.katajava.internal.exec;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Cuts an output stream into lines of UTF-8 for a consumer. */
public final class LineConsumer implements Flow.Subscriber<ByteBuffer> {
  /** Longer lines are handed over in pieces: the guest must not fill our memory. */
  public static final int MAX_LINE = 1 << 20;

  private final Consumer<String> consumer;
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();
  private Flow.@Nullable Subscription subscription;

  LineConsumer(Consumer<String> consumer) {
    this.consumer = consumer;
  }

  /**
   * Completes after the last line; exceptionally when the stream broke off or a line was thrown at.
   */
  CompletableFuture<Void> ended() {
    return ended;
  }

  @Override
  public void onSubscribe(Flow.Subscription subscription) {
    this.subscription = subscription;
    subscription.request(1);
  }

  @Override
  public void onNext(ByteBuffer chunk) {
    Flow.Subscription source = Objects.requireNonNull(subscription);
    try {
      while (chunk.hasRemaining()) {
        byte b = chunk.get();
        if (b == '\n') {
          hand();
        } else {
          line.write(b);
          if (line.size() >= MAX_LINE) {
            hand();
          }
        }
      }
    } catch (RuntimeException e) {
      source.cancel();
      ended.completeExceptionally(e);
      return;
    }
    source.request(1);
  }

  private void hand() {
    byte[] bytes = line.toByteArray();
    line.reset();
    int length =
        bytes.length > 0 && bytes[bytes.length - 1] == '\r' ? bytes.length - 1 : bytes.length;
    consumer.accept(new String(bytes, 0, length, StandardCharsets.UTF_8));
  }

  @Override
  public void onError(Throwable failure) {
    ended.completeExceptionally(failure);
  }

  @Override
  public void onComplete() {
    try {
      if (line.size() > 0) {
        hand();
      }
      ended.complete(null);
    } catch (RuntimeException e) {
      ended.completeExceptionally(e);
    }
  }
}
