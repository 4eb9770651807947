package io.katajava;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The figures of a runtime since it was made: counted always, because counting costs less than
 * asking whether to. What a single sandbox uses is in {@link Sandbox#stats()}, what a pool does in
 * {@link SandboxPool#statistics()}.
 */
public interface KataMetrics {

  /**
   * Every figure there is so far. A figure exists from the first time there was something to count.
   *
   * @return a snapshot of the list; its figures go on counting
   */
  List<KataMeter> meters();

  /**
   * One figure.
   *
   * @param name its name
   * @param tags all its tags
   * @return the figure; empty when there was nothing to count yet
   */
  Optional<KataMeter> find(String name, Map<String, String> tags);

  /**
   * Hands over every figure, those that come into being later as well: the way to register them
   * with a library for metrics.
   *
   * @param consumer is given each figure once, on this thread or on the one that counts first; must
   *     not wait. What it throws is logged
   */
  void onMeter(Consumer<? super KataMeter> consumer);
}
