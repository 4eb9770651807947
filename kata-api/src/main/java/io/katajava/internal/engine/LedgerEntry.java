package io.katajava.internal.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What is known on disk of one sandbox.
 *
 * @param sandboxId the sandbox
 * @param owner the JVM it belongs to
 * @param processes processes started for it, so far
 */
record LedgerEntry(String sandboxId, ProcessIdentity owner, List<ProcessIdentity> processes) {
  private static final String VERSION = "kata-java-ledger 1";

  LedgerEntry {
    processes = List.copyOf(processes);
  }

  LedgerEntry withProcess(ProcessIdentity process) {
    List<ProcessIdentity> more = new ArrayList<>(processes);
    more.add(process);
    return new LedgerEntry(sandboxId, owner, more);
  }

  String toText() {
    StringBuilder text = new StringBuilder(VERSION).append('\n');
    append(text, "owner", owner);
    processes.forEach(process -> append(text, "process", process));
    return text.append("end\n").toString();
  }

  /** Empty when the text is not a whole entry. */
  static Optional<LedgerEntry> parse(String sandboxId, String text) {
    String[] lines = text.split("\n", -1);
    if (!lines[0].equals(VERSION)) {
      return Optional.empty();
    }
    ProcessIdentity owner = null;
    List<ProcessIdentity> processes = new ArrayList<>();
    for (int i = 1; i < lines.length; i++) {
      String[] words = lines[i].split(" ", -1);
      if (words.length == 1 && words[0].equals("end") && owner != null) {
        return Optional.of(new LedgerEntry(sandboxId, owner, processes));
      }
      if (words.length != 4) {
        return Optional.empty();
      }
      ProcessIdentity identity;
      try {
        identity =
            new ProcessIdentity(Long.parseLong(words[1]), Long.parseLong(words[2]), words[3]);
      } catch (NumberFormatException e) {
        return Optional.empty();
      }
      if (words[0].equals("owner")) {
        owner = identity;
      } else {
        processes.add(identity);
      }
    }
    return Optional.empty();
  }

  private static void append(StringBuilder text, String key, ProcessIdentity identity) {
    text.append(key)
        .append(' ')
        .append(identity.pid())
        .append(' ')
        .append(identity.startTicks())
        .append(' ')
        .append(identity.bootId())
        .append('\n');
  }
}
