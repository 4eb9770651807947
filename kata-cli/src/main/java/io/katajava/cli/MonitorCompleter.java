package io.katajava.cli;

import io.katajava.qmp.QmpSchema;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jline.reader.Candidate;
import org.jline.reader.Completer;
import org.jline.reader.LineReader;
import org.jline.reader.ParsedLine;

/** Completes commands, names of arguments and values, from the schema of the connected QEMU. */
final class MonitorCompleter implements Completer {
  private final QmpSchema schema;

  MonitorCompleter(QmpSchema schema) {
    this.schema = schema;
  }

  @Override
  public void complete(LineReader reader, ParsedLine line, List<Candidate> candidates) {
    List<String> before = line.words().subList(0, line.wordIndex());
    String word = line.word().substring(0, Math.min(line.wordCursor(), line.word().length()));
    for (String completion : completions(before, word)) {
      // After a name and its sign of equality the value follows, without a blank.
      candidates.add(
          new Candidate(
              completion, completion, null, null, null, null, !completion.matches(".*[=.]")));
    }
  }

  /**
   * What a word may become.
   *
   * @param before the words in front of it
   * @param word what there is of it
   */
  List<String> completions(List<String> before, String word) {
    List<String> all = new ArrayList<>();
    if (before.isEmpty()) {
      all.addAll(schema.commands());
      all.addAll(MonitorShell.OWN_COMMANDS);
    } else if (before.get(0).equals(MonitorShell.HELP)) {
      all.addAll(schema.commands());
    } else {
      int equals = word.indexOf('=');
      if (equals < 0) {
        names(before, word, all);
      } else {
        values(before.get(0), word.substring(0, equals), all);
      }
    }
    all.removeIf(completion -> !completion.startsWith(word));
    return all;
  }

  private void names(List<String> before, String word, List<String> all) {
    String command = before.get(0);
    int dot = word.lastIndexOf('.');
    Set<String> names =
        dot < 0 ? schema.arguments(command) : schema.arguments(command, word.substring(0, dot));
    for (String name : names) {
      String path = word.substring(0, dot + 1) + name;
      boolean given = before.stream().anyMatch(other -> other.startsWith(path + "="));
      if (!given) {
        boolean leadsOn = schema.argumentTypes(command, path).equals(Set.of("object"));
        all.add(path + (leadsOn ? "." : "="));
      }
    }
  }

  private void values(String command, String path, List<String> all) {
    schema.argumentValues(command, path).forEach(value -> all.add(path + "=" + value));
    if (schema.argumentTypes(command, path).contains("boolean")) {
      all.add(path + "=true");
      all.add(path + "=false");
    }
  }
}
