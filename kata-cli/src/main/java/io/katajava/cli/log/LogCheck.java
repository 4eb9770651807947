package io.katajava.cli.log;

import java.util.ArrayList;
import java.util.List;

/** Whether entries have the fields that their kind must have. */
public final class LogCheck {
  private LogCheck() {}

  /**
   * Checks one entry.
   *
   * @param entry the entry
   * @return what is wrong, one clause; empty when nothing is
   */
  public static List<String> problems(LogEntry entry) {
    String where = entry.file() + ":" + entry.line() + ": ";
    if (entry.kind() == LogEntry.Kind.UNKNOWN) {
      return List.of(where + "not a log line of a known kind");
    }
    List<String> missing = new ArrayList<>();
    switch (entry.kind()) {
      case KATA -> {
        // Kata's own parser insists on these.
        require(missing, "time", entry.time().isPresent());
        require(missing, "level", !entry.level().isEmpty());
        require(missing, "msg", !entry.message().isEmpty());
        require(missing, "name", !entry.name().isEmpty());
        require(missing, "pid", !entry.pid().isEmpty());
        require(missing, "source", !entry.source().isEmpty());
      }
      case JAVA -> require(missing, "msg", !entry.message().isEmpty());
      default -> {
        // The kernel may print empty lines.
      }
    }
    List<String> problems = new ArrayList<>();
    if (!missing.isEmpty()) {
      problems.add(where + "no " + String.join(", ", missing));
    }
    if (!entry.pid().isEmpty() && !entry.pid().matches("[1-9]\\d{0,18}")) {
      problems.add(where + "pid is '" + entry.pid() + "', not a positive number");
    }
    return problems;
  }

  private static void require(List<String> missing, String field, boolean there) {
    if (!there) {
      missing.add(field);
    }
  }
}
