package io.katajava.cli;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What is internal may know the public values of its module, which know nothing of it; it must not
 * know, at whatever distance, a public class that knows it at whatever distance. Files count, not
 * nested classes.
 */
final class KnowNoFacadeInACircle extends ArchCondition<JavaClass> {
  private final Map<String, Set<String>> arrows = new HashMap<>();

  KnowNoFacadeInACircle() {
    super("know no public class that knows them");
  }

  @Override
  public void init(Collection<JavaClass> module) {
    Set<String> files = new HashSet<>();
    module.forEach(each -> files.add(file(each)));
    for (JavaClass each : module) {
      Set<String> known = arrows.computeIfAbsent(file(each), name -> new TreeSet<>());
      each.getDirectDependenciesFromSelf()
          .forEach(arrow -> known.add(file(arrow.getTargetClass().getBaseComponentType())));
      known.retainAll(files);
      known.remove(file(each));
    }
  }

  @Override
  public void check(JavaClass item, ConditionEvents events) {
    String inside = file(item);
    if (!isInternal(inside) || !inside.equals(item.getName())) {
      return;
    }
    Map<String, String> reached = reached(inside);
    for (String outside : new TreeSet<>(reached.keySet())) {
      if (!isInternal(outside) && arrows.getOrDefault(outside, Set.of()).contains(inside)) {
        events.add(
            SimpleConditionEvent.violated(
                item, "circle: " + way(reached, outside) + " → " + inside));
      }
    }
  }

  /** Everything that a file knows, each with the file by which it does. */
  private Map<String, String> reached(String from) {
    Map<String, String> reached = new LinkedHashMap<>();
    Deque<String> next = new ArrayDeque<>(Set.of(from));
    while (!next.isEmpty()) {
      String at = next.remove();
      for (String to : arrows.getOrDefault(at, Set.of())) {
        if (!to.equals(from) && reached.putIfAbsent(to, at) == null) {
          next.add(to);
        }
      }
    }
    return reached;
  }

  private static String way(Map<String, String> reached, String to) {
    String before = reached.get(to);
    return before == null ? to : way(reached, before) + " → " + to;
  }

  private static String file(JavaClass type) {
    String name = type.getName();
    int nested = name.indexOf('$');
    return nested < 0 ? name : name.substring(0, nested);
  }

  private static boolean isInternal(String name) {
    return name.contains(".internal.");
  }
}
