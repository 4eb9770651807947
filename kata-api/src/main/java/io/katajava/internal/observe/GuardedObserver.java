package io.katajava.internal.observe;

import io.katajava.spi.KataObserver;
import io.katajava.spi.Observation;
import io.katajava.spi.Operation;
import org.jspecify.annotations.Nullable;

/**
 * An observer that cannot hinder what it follows. One whose classes are missing or do not fit
 * together will not get better: it is left out from then on, and said so once.
 */
final class GuardedObserver implements KataObserver {
  private final KataObserver observer;
  private volatile boolean unusable;

  GuardedObserver(KataObserver observer) {
    this.observer = observer;
  }

  @Override
  public @Nullable Observation begin(Operation operation, @Nullable Observation parent) {
    if (unusable) {
      return null;
    }
    try {
      return observer.begin(operation, parent);
    } catch (RuntimeException e) {
      Followed.complain(e);
    } catch (LinkageError e) {
      leaveOut(e);
    }
    return null;
  }

  @Override
  public Runnable carrying(Runnable task) {
    if (unusable) {
      return task;
    }
    try {
      return observer.carrying(task);
    } catch (RuntimeException e) {
      Followed.complain(e);
    } catch (LinkageError e) {
      leaveOut(e);
    }
    return task;
  }

  private void leaveOut(LinkageError e) {
    if (!unusable) {
      unusable = true;
      Followed.leftOut(observer.getClass().getName(), e);
    }
  }
}
