package io.katajava.config.internal;

import io.katajava.config.ConfigurationProblem;
import io.katajava.config.Origin;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A table that nothing reads. Whether that does harm is known when all files are: a misspelt one
 * whose right spelling is nowhere was meant for it, and without it something else would be started.
 *
 * @param origin where it is
 * @param path what it is called
 * @param what a table, or a key where a table belongs
 * @param known what can be there
 */
record UnknownTable(Origin origin, String path, String what, List<String> known) {
  private static final String HYPERVISOR = "hypervisor.";

  /** The problem, given the tables that are there. */
  ConfigurationProblem problem(Set<String> present) {
    String gone = RemovedNames.clause(path);
    Optional<String> twin = known.stream().filter(path::equalsIgnoreCase).findFirst();
    if (twin.isPresent()) {
      return error("is an unknown " + what + ": names have their case, and this is " + twin.get());
    }
    Optional<String> nearest = nearest();
    String meant = nearest.map(near -> "; did you mean " + near).orElse("");
    boolean hypervisor = path.startsWith(HYPERVISOR);
    if (hypervisor && present.stream().noneMatch(name -> name.startsWith(HYPERVISOR))) {
      return error(
          "is an unknown " + what + ", and no other hypervisor has a section" + meant + gone);
    }
    boolean lost = !hypervisor && gone.isEmpty() && nearest.isPresent();
    if (lost && present.stream().noneMatch(name -> isOrBelow(name, nearest.get()))) {
      return error("is an unknown " + what + meant);
    }
    return ConfigurationProblem.warning(
        origin,
        TomlNames.path(path),
        "is an unknown " + what + " and ignored" + (gone.isEmpty() ? meant : gone),
        "",
        "");
  }

  private static boolean isOrBelow(String name, String table) {
    return name.equals(table) || name.startsWith(table + ".");
  }

  /** By the last name alone: what all have in common would make every one near. */
  private Optional<String> nearest() {
    int cut = path.lastIndexOf('.') + 1;
    String prefix = path.substring(0, cut);
    return NearestWord.to(
            path.substring(cut), known.stream().map(name -> name.substring(cut)).toList())
        .map(near -> prefix + near);
  }

  private ConfigurationProblem error(String text) {
    return ConfigurationProblem.error(
        origin, TomlNames.path(path), text, "", "one of " + String.join(", ", known));
  }
}
