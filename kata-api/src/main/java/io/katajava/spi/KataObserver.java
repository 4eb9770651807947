package io.katajava.spi;

import org.jspecify.annotations.Nullable;

/**
 * An observer of what a runtime does: starts and their phases, executions, calls to agents,
 * commands to hypervisors. Given to {@link io.katajava.Kata.Builder#observer} or found with {@link
 * java.util.ServiceLoader}; with none the runtime does not even make the objects it would be told
 * with.
 *
 * <p>Its methods are on the way of everything a runtime does: they must not wait. What they throw
 * is logged and costs only the observation; after a {@link LinkageError}, such as a class that is
 * missing at run time, the observer is left out.
 */
public interface KataObserver {

  /**
   * An operation begins; on the thread that asked for it, as a rule the application's own.
   *
   * @param operation what
   * @param parent the observation it is a part of, one this observer made; null when it is not part
   *     of another one, or of none this observer follows. Then what is current on this thread may
   *     be its parent
   * @return to be told of the end; null not to follow this one
   */
  @Nullable Observation begin(Operation operation, @Nullable Observation parent);

  /**
   * Lets a task that runs on another thread know what is current on this one, such as the span of
   * the application.
   *
   * @param task what will run
   * @return what is to run instead; by default the task itself
   */
  default Runnable carrying(Runnable task) {
    return task;
  }
}
