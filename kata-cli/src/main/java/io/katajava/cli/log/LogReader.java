package io.katajava.cli.log;

import io.katajava.cli.log.LogEntry.Kind;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads logs, all of them into memory, and merges them by time. */
public final class LogReader {
  /** Fields of the runtime's messages that carry a whole message of the agent. */
  private static final String CARRIER = "vmconsole";

  private final boolean unpack;
  private final List<Dated> entries = new ArrayList<>();

  /** An entry and when it is taken to have happened: its own time, or the one before it. */
  private record Dated(Instant when, LogEntry entry) {}

  /**
   * Begins with nothing.
   *
   * @param unpack whether messages of the agent that the runtime carried become entries themselves
   */
  public LogReader(boolean unpack) {
    this.unpack = unpack;
  }

  /**
   * Reads one log to its end.
   *
   * @param file what to call it
   * @param log its text
   * @return how many entries it has
   * @throws IOException when it cannot be read
   */
  public int read(String file, Reader log) throws IOException {
    BufferedReader lines = new BufferedReader(log);
    int before = entries.size();
    int number = 0;
    Instant when = Instant.MIN;
    LogEntry open = null;
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      number++;
      if (line.isBlank()) {
        continue;
      }
      Optional<LogEntry> begun = LogLine.parse(line);
      if (begun.isEmpty() && open != null) {
        open = open.withMessage(open.message() + "\n" + line);
        continue;
      }
      when = add(open, when);
      open = begun.orElse(LogEntry.ofMessage(Kind.UNKNOWN, line)).at(file, number);
    }
    add(open, when);
    return entries.size() - before;
  }

  private Instant add(@org.jspecify.annotations.Nullable LogEntry entry, Instant before) {
    if (entry == null) {
      return before;
    }
    LogEntry unpacked = unpack ? unpacked(entry) : entry;
    Instant when = unpacked.time().orElse(before);
    entries.add(new Dated(when, unpacked));
    return when;
  }

  private static LogEntry unpacked(LogEntry entry) {
    String carried = entry.fields().getOrDefault(CARRIER, entry.message());
    if (entry.kind() != Kind.KATA || !carried.startsWith("{")) {
      return entry;
    }
    Optional<LogEntry> inner = LogLine.json(carried);
    if (inner.isEmpty()) {
      return entry;
    }
    Map<String, String> fields = new LinkedHashMap<>(inner.get().fields());
    // Which sandbox it was is known to the runtime only.
    entry.fields().forEach(fields::putIfAbsent);
    fields.remove(CARRIER);
    return inner.get().withFields(fields).at(entry.file(), entry.line());
  }

  /**
   * All that was read, by time. What has no time stays behind what was before it in its file; what
   * has the same time stays in the order in which it was read.
   *
   * @return the entries
   */
  public List<LogEntry> sorted() {
    return entries.stream().sorted(Comparator.comparing(Dated::when)).map(Dated::entry).toList();
  }
}
