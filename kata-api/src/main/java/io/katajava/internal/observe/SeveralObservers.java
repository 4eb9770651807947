package io.katajava.internal.observe;

import io.katajava.spi.KataObserver;
import io.katajava.spi.Observation;
import io.katajava.spi.Operation;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Some observers as one; each gets its own observations as parents. */
final class SeveralObservers implements KataObserver {
  private final List<KataObserver> observers;

  SeveralObservers(List<KataObserver> observers) {
    this.observers = observers.stream().<KataObserver>map(GuardedObserver::new).toList();
  }

  @Override
  public @Nullable Observation begin(Operation operation, @Nullable Observation parent) {
    @Nullable Observation[] each = new Observation[observers.size()];
    boolean any = false;
    for (int i = 0; i < each.length; i++) {
      Observation above = parent instanceof Several several ? several.each[i] : null;
      each[i] = observers.get(i).begin(operation, above);
      any |= each[i] != null;
    }
    return any ? new Several(each) : null;
  }

  @Override
  public Runnable carrying(Runnable task) {
    Runnable carried = task;
    for (KataObserver observer : observers) {
      carried = observer.carrying(carried);
    }
    return carried;
  }

  private static final class Several implements Observation {
    private final @Nullable Observation[] each;

    Several(@Nullable Observation[] each) {
      this.each = each;
    }

    /** There is room for one; the first that has one is carried. */
    @Override
    public @Nullable String traceparent() {
      for (Observation one : each) {
        String trace = one == null ? null : one.traceparent();
        if (trace != null) {
          return trace;
        }
      }
      return null;
    }

    @Override
    public void detail(String key, String value) {
      for (Observation one : each) {
        if (one != null) {
          one.detail(key, value);
        }
      }
    }

    @Override
    public void end(@Nullable Throwable failure) {
      for (Observation one : each) {
        if (one != null) {
          try {
            one.end(failure);
          } catch (RuntimeException | LinkageError e) {
            Followed.complain(e);
          }
        }
      }
    }
  }
}
