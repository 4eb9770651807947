package io.katajava.junit.testcontainers;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.testcontainers.lifecycle.Startable;

/** Looks whether what is started before something leads back to it. */
final class DependencyCircle {
  private final Startable start;
  private final Set<Startable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
  private final List<Startable> way = new ArrayList<>();

  private DependencyCircle(Startable start) {
    this.start = start;
  }

  /**
   * Refuses it.
   *
   * @throws IllegalStateException if it does, with all on the way
   */
  static void refuse(StartSettings<?> container) {
    DependencyCircle circle = new DependencyCircle((Startable) container.self());
    circle.follow(circle.start);
  }

  private void follow(Startable one) {
    way.add(one);
    if (one == start && way.size() > 1) {
      throw new IllegalStateException(
          way.stream().map(DependencyCircle::name).collect(Collectors.joining(" depends on "))
              + ": none of them could be started first");
    }
    if (seen.add(one)) {
      Set<Startable> before =
          one instanceof KataContainer known ? known.dependencies() : one.getDependencies();
      before.forEach(this::follow);
    }
    way.remove(way.size() - 1);
  }

  private static String name(Startable one) {
    return one instanceof KataContainer known ? known.label() : one.toString();
  }
}
